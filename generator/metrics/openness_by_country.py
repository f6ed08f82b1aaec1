"""How open are the new models of each country?"""

import ibis
from ibis.expr.types import Table, Value

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.openness import DISCLOSURE_CAVEAT, LICENCE_CAVEATS, new_by_openness
from generator.sums import by_lens
from generator.traits import licences

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")


def column_of(licence_class: str) -> str:
    """The column that holds a licence class's share.

    Example:
        >>> column_of("open-source")
        'open_source_share'
    """
    return f"{licence_class.replace('-', '_')}_share"


LICENCE_COLUMNS = {name: column_of(name) for name in licences.CLASSES}
LICENCE_DESCRIPTIONS = tuple(
    (column, f"Fraction of these downloads that went to models of the licence class {name}.")
    for name, column in LICENCE_COLUMNS.items()
)
DISCLOSED_DESCRIPTIONS = (
    ("disclosed_share", "Fraction of these downloads that went to models whose tags name a data set."),
    ("disclosed_models_share", "Fraction of these models whose tags name a data set."),
)


def parts_of(rows: Table) -> dict[str, Value]:
    """Sums for a group-by: downloads, models, and the share of each licence class and of disclosed data.

    Args:
        rows: downloads and models (how many they belong to) with the traits of
            :func:`generator.traits.licences.openness`; shares are null where the downloads of a group do not add up to
            more than 0 or, for disclosure, where no model has tags.
    """

    def share(of: Value, among: Value) -> Value:
        return _share(rows.downloads.sum(where=of), rows.downloads.sum(where=among))

    everything = ibis.literal(True)
    tagged = rows.disclosure != "unknown"
    disclosed = rows.disclosure == "disclosed"
    return {
        "downloads": rows.downloads.sum().cast("int64"),
        "models": rows.models.sum().cast("int64"),
        **{column: share(rows.licence_class == name, everything) for name, column in LICENCE_COLUMNS.items()},
        "disclosed_share": share(disclosed, tagged),
        "disclosed_models_share": _share(rows.models.sum(where=disclosed), rows.models.sum(where=tagged)),
        "gated_share": share(rows.gate.isin(["auto", "manual"]), rows.gate != "unknown"),
    }


def _share(part: Value, whole: Value) -> Value:
    return part.fill_null(0) / ibis.ifelse(whole > 0, whole, ibis.null("int64")).cast("float64")


def compute(flows: Flows) -> Table:
    """Each country's new models: the shares of their downloads by licence class, gate and disclosure."""
    rows = by_lens(new_by_openness(flows))
    summed = rows.group_by([*WITHIN, "country"]).aggregate(**parts_of(rows))
    ranked = ~summed.country.isin([UNATTRIBUTED, INTERNATIONAL])
    by_size = ibis.window(group_by=[*WITHIN, ranked], order_by=[ibis.desc("downloads"), ibis.asc("country")])
    return (
        summed.mutate(rank=ibis.ifelse(ranked, (ibis.row_number().over(by_size) + 1).cast("int64"), None))
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"])
    )


METRIC = Metric(
    id="openness-by-country",
    title="Openness of new models by country",
    question="Whose new models are open, and how far?",
    definition=(
        "For the models created in the 365 days up to the snapshot, by the developer's country: the fractions of "
        "their downloads under each licence class (they sum to 1), of downloads behind a gate and of downloads of "
        "models whose tags name a data set. Classes, gate and disclosure as in the metric openness; gate and "
        "disclosure are taken among the models for which the source tells them. Every model counts under its own "
        "licence under both lenses, a derivative's for its root's country under the origin lens."
    ),
    unit="fraction of the country's downloads",
    columns=(
        *WITHIN,
        "rank",
        "country",
        "downloads",
        "models",
        *LICENCE_COLUMNS.values(),
        "gated_share",
        "disclosed_share",
        "disclosed_models_share",
    ),
    own_columns=(
        ("models", "Number of new models that the downloads belong to."),
        *LICENCE_DESCRIPTIONS,
        ("gated_share", "Fraction of the downloads with a known gate that lie behind one; empty where none is known."),
        *DISCLOSED_DESCRIPTIONS,
    ),
    caveats=(*USUAL_CAVEATS, *LICENCE_CAVEATS, DISCLOSURE_CAVEAT),
    source="As the metric openness; the comparison of countries is this report's own.",
    compute=compute,
)
