"""Is use concentrated on a few developers or countries?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis", "level")
TOPS = (1, 5, 10, 50)


def compute(flows: Flows) -> Table:
    """Indices of concentration over developers, countries and single models."""
    rows = flows.attributed.filter(flows.attributed.complete)
    units = ibis.union(
        rows.mutate(level=ibis.literal("developers"), unit="organisation"),
        rows.filter(rows.country != UNATTRIBUTED).mutate(level=ibis.literal("countries"), unit="country"),
        rows.mutate(level=ibis.literal("models"), unit="model_id"),
    )
    sizes = units.group_by([*WITHIN, "unit"]).aggregate(downloads=units.downloads.sum().cast("int64"))
    # A unit whose counters fell in the window has no size; the others' concentration is well defined.
    sizes = sizes.filter(sizes.downloads > 0)
    whole = ibis.window(group_by=list(WITHIN))
    ordered = [ibis.desc("downloads"), ibis.asc("unit")]
    ranked = sizes.mutate(
        share=sizes.downloads / sizes.downloads.sum().over(whole).cast("float64"),
        units=sizes.unit.count().over(whole),
        position=ibis.row_number().over(ibis.window(group_by=list(WITHIN), order_by=ordered)) + 1,
    )
    # With shares in falling order, 1 to n: G = (n + 1 - 2 * sum(i * s_i)) / n.
    summed = ranked.group_by(list(WITHIN)).aggregate(
        units=ranked.units.max().cast("int64"),
        downloads=ranked.downloads.sum().cast("int64"),
        hhi=(ranked.share * ranked.share).sum(),
        weighted=(ranked.position * ranked.share).sum(),
        **{f"top_{top}_share": ranked.share.sum(where=ranked.position <= top) for top in TOPS},
    )
    return (
        summed.mutate(
            effective_number=1 / summed.hhi,
            gini=(summed.units + 1 - 2 * summed.weighted) / summed.units,
        )
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", ibis.asc("window_months", nulls_first=False), "basis", "level"])
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
