"""Is use concentrated on a few developers or countries?"""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.attribution import LENSES, UNATTRIBUTED
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import by_lens, market, model_sizes, organisation_ranks

SUMMED = ("as_of", "lens", "window_months", "window_start", "basis")
WITHIN = (*SUMMED, "level")
TOPS = (1, 5, 10, 50)


def compute(flows: Flows) -> Table:
    """Indices of concentration over developers, countries and single models."""
    single = ibis.literal(1, "int64")
    attributed = by_lens(market(flows)).filter(lambda row: (row.models > 0) & (row.country != UNATTRIBUTED))
    countries = attributed.group_by([*SUMMED, "country"]).aggregate(downloads=attributed.downloads.sum().cast("int64"))
    models = _indices(model_sizes(flows).rename(units="models"), [name for name in SUMMED if name != "lens"])
    indices = {
        "developers": [_indices(organisation_ranks(flows).mutate(units=single), SUMMED)],
        "countries": [_indices(countries.mutate(units=single), SUMMED)],
        # Who made a model does not change its size.
        "models": [models.mutate(lens=ibis.literal(lens)) for lens in LENSES],
    }
    return ibis.union(
        *(
            rows.mutate(level=ibis.literal(level)).select(*METRIC.columns)
            for level, of in indices.items()
            for rows in of
        )
    ).order_by(["as_of", "lens", ibis.asc("window_months", nulls_first=False), "basis", "level"])


def _indices(sizes: Table, within: Sequence[str]) -> Table:
    """The indices of each distribution.

    Args:
        sizes: ``within``, downloads and units: how many have so many. A size may have several rows.
        within: columns that identify one distribution.
    """
    alike = sizes.group_by([*within, "downloads"]).aggregate(alike=sizes.units.sum().cast("int64"))
    # A unit whose counters fell in the window has no size; the others' concentration is well defined.
    alike = alike.filter(alike.downloads > 0)
    whole = ibis.window(group_by=list(within))
    falling = ibis.window(group_by=list(within), order_by=ibis.desc("downloads"), preceding=None, following=0)
    ranked = alike.mutate(
        share=alike.downloads / (alike.downloads * alike.alike).sum().over(whole).cast("float64"),
        last=alike.alike.sum().over(falling).cast("int64"),
    )
    # With shares in falling order, 1 to n: G = (n + 1 - 2 * sum(i * s_i)) / n. Units alike hold adjoining places.
    first = ranked["last"] - ranked.alike + 1
    places = ranked.alike * (first + ranked["last"]) / 2.0

    def within_top(top: int) -> ibis.Value:
        return ibis.greatest(ibis.least(ranked.alike, top - first + 1), 0)

    summed = ranked.group_by(list(within)).aggregate(
        units=ranked.alike.sum().cast("int64"),
        downloads=(ranked.downloads * ranked.alike).sum().cast("int64"),
        hhi=(ranked.share * ranked.share * ranked.alike).sum(),
        weighted=(places * ranked.share).sum(),
        **{f"top_{top}_share": (within_top(top) * ranked.share).sum() for top in TOPS},
    )
    return summed.mutate(
        effective_number=1 / summed.hhi,
        gini=(summed.units + 1 - 2 * summed.weighted) / summed.units,
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
        ("effective_number", "1 / hhi."),
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
