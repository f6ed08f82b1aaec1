"""Is use concentrated on a few developers or countries?"""

from collections.abc import Sequence
from datetime import date

import ibis
from ibis.expr.types import Table

from generator.attribution import LENSES, UNATTRIBUTED
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import placed
from generator.sums import INDICES, by_lens, market, model_sizes, organisation_ranks

SUMMED = ("as_of", "lens", "window_months", "window_start", "basis")
WITHIN = (*SUMMED, "level")
TOPS = (1, 5, 10, 50)
EFFECTIVE_DECIMALS = 6
"""Large numbers have no more that would not depend on the order in which the engine adds up squares."""


def compute(flows: Flows) -> Table:
    """Indices of concentration over developers, countries and single models."""
    attributed = by_lens(market(flows)).filter(lambda row: (row.models > 0) & (row.country != UNATTRIBUTED))
    countries = attributed.group_by([*SUMMED, "country"]).aggregate(downloads=attributed.downloads.sum().cast("int64"))
    countries = placed(countries, SUMMED, "country")
    developers = organisation_ranks(flows)
    indices = {
        "developers": [_indices(_ranked(developers), ["window", "lens"]).inner_join(flows.windows, "window")],
        "countries": [_indices(_ranked(countries), SUMMED)],
        # Who made a model does not change its size.
        "models": [_of_models(flows).mutate(lens=ibis.literal(lens)) for lens in LENSES],
    }
    return ibis.union(
        *(
            rows.mutate(level=ibis.literal(level)).select(*METRIC.columns)
            for level, of in indices.items()
            for rows in of
        )
    ).order_by(["as_of", "lens", ibis.asc("window_months", nulls_first=False), "basis", "level"])


def _of_models(flows: Flows) -> Table:
    """The indices over single models: so many that some dates are gone through after others."""

    def part(days: Sequence[date]) -> Table:
        windows = flows.windows.filter(flows.windows.as_of.isin(list(days)))
        sizes = model_sizes(flows).semi_join(windows, "window")
        alike = sizes.group_by(["window", "downloads"]).aggregate(alike=sizes.models.sum().cast("int64"))
        falling = ibis.window(group_by="window", order_by=ibis.desc("downloads"), preceding=None, following=0)
        falling_to = alike.mutate(last=alike.alike.sum().over(falling).cast("int64"))
        return _indices(falling_to, ["window"]).inner_join(windows, "window").drop("window")

    return flows.data.settled.by_date(INDICES, part, 3 * flows.data.rows)


def _ranked(rows: Table) -> Table:
    return rows.mutate(alike=ibis.literal(1, "int64"), last=rows["rank"])


def _indices(sizes: Table, within: Sequence[str]) -> Table:
    """The indices of each distribution.

    Args:
        sizes: ``within``, downloads, alike (how many have so many) and last (the place of the last of them, in falling
            order of downloads).
        within: columns that identify one distribution.
    """
    # A unit whose counters fell in the window has no size; the others' concentration is well defined.
    sized = sizes.filter(sizes.downloads > 0)
    downloads = sized.downloads.cast("float64")
    # With shares in falling order, 1 to n: G = (n + 1 - 2 * sum(i * s_i)) / n. Units alike hold adjoining places.
    first = sized["last"] - sized.alike + 1
    places = sized.alike * (first + sized["last"]).cast("float64") / 2

    def within_top(top: int) -> ibis.Value:
        return ibis.greatest(ibis.least(sized.alike, top - first + 1), 0)

    summed = sized.group_by(list(within)).aggregate(
        units=sized.alike.sum().cast("int64"),
        downloads=(sized.downloads * sized.alike).sum().cast("int64"),
        squares=(downloads * downloads * sized.alike).sum(),
        weighted=(places * downloads).sum(),
        **{f"top_{top}": (within_top(top) * sized.downloads).sum() for top in TOPS},
    )
    total = summed.downloads.cast("float64")
    hhi = summed.squares / total / total
    return summed.select(
        *within,
        "units",
        "downloads",
        hhi=hhi,
        effective_number=(1 / hhi).round(EFFECTIVE_DECIMALS),
        gini=(summed.units + 1 - 2 * summed.weighted / total) / summed.units,
        **{f"top_{top}_share": summed[f"top_{top}"] / total for top in TOPS},
    )


METRIC = Metric(
    id="concentration",
    title="Concentration of downloads",
    question="Is power over the models in use concentrating?",
    definition=(
        "Over developers, countries and single models: the Herfindahl–Hirschman index (the sum of squared "
        "shares, 0 to 1; times 10,000 in competition law), the effective number (its reciprocal: so many equal "
        "players would give the same index), the Gini coefficient and the share of the largest 1, 5, 10 and 50."
    ),
    unit="index from 0 to 1; fraction of downloads",
    columns=(
        *WITHIN,
        "units",
        "downloads",
        "hhi",
        "effective_number",
        "gini",
        *(f"top_{top}_share" for top in TOPS),
    ),
    own_columns=(
        ("level", "What is counted as one player: developers, countries or models."),
        ("units", "Number of players with downloads above zero."),
        ("hhi", "Herfindahl–Hirschman index, 0 to 1."),
        ("effective_number", f"1 / hhi, to {EFFECTIVE_DECIMALS} decimals."),
        ("gini", "Gini coefficient, 0 (all equal) to 1."),
        *((f"top_{top}_share", f"Share of the largest {top}.") for top in TOPS),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "A namespace outside the registry counts as a developer of its own; over countries, unattributed "
        "downloads are left out of the index, since they are no single country.",
        "Gini depends on how many small players a selection holds; compare it only between like selections.",
    ),
    source="O. C. Herfindahl (1950), A. O. Hirschman (1964); C. Gini (1912).",
    compute=compute,
)
