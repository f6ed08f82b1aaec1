"""Has openness changed with the years in which models were made?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.openness import DISCLOSURE_CAVEAT, LICENCE_CAVEATS
from generator.metrics.openness_by_country import (
    DISCLOSED_DESCRIPTIONS,
    LICENCE_COLUMNS,
    LICENCE_DESCRIPTIONS,
    parts_of,
)
from generator.traits import licences

WITHIN = ("as_of", "window_months", "window_start", "basis")
BASES = ("all-time", "snapshot-30-day")
UNKNOWN_YEAR = "unknown"


def compute(flows: Flows) -> Table:
    """Models by the year of their creation: licence classes and disclosure of training data."""
    counted = flows.downloads.filter(flows.downloads.complete & flows.downloads.basis.isin(BASES))
    created = flows.attribution.models.select(
        "model_id", year=lambda model: model.created_on.year().cast("string").fill_null(UNKNOWN_YEAR)
    )
    rows = counted.inner_join(created, "model_id").inner_join(licences.openness(flows.data.models), "model_id")
    summed = rows.group_by([*WITHIN, "year"]).aggregate(**parts_of(rows))
    return summed.select(*METRIC.columns).order_by(["as_of", "basis", "year"])


METRIC = Metric(
    id="openness-by-year",
    title="Openness by year of creation",
    question="Do younger models say less about their training data?",
    definition=(
        "All models by the calendar year of their creation, with their downloads of all time and of the last 30 "
        "days: the fractions under each licence class, and the fractions of downloads and of models whose tags name "
        "a data set, among models with tags. Classes and disclosure as in the metric openness."
    ),
    unit="fraction of the downloads of the year's models",
    columns=(
        *WITHIN,
        "year",
        "downloads",
        "models",
        *LICENCE_COLUMNS.values(),
        "disclosed_share",
        "disclosed_models_share",
    ),
    own_columns=(
        ("year", "Year of creation; unknown for repositories older than 2 March 2022 and those without a date."),
        ("models", "Number of models of that year."),
        *LICENCE_DESCRIPTIONS,
        *DISCLOSED_DESCRIPTIONS,
    ),
    caveats=(
        *USUAL_CAVEATS,
        *LICENCE_CAVEATS,
        DISCLOSURE_CAVEAT,
        "Downloads are those up to the snapshot, whenever they were made: the year is the models', not the downloads'.",
    ),
    source=(
        "After Table 1 of the MIT / Hugging Face study of November 2025, whose reading of disclosure is its own: data "
        "disclosed and available."
    ),
    compute=compute,
)
