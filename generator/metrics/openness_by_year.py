"""Has openness changed with the years in which models were made?"""

import ibis
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
from generator.windows import ALL_TIME, THIRTY_DAYS

WITHIN = ("as_of", "window_months", "window_start", "basis")
BASES = ("all-time", "snapshot-30-day")
UNKNOWN_YEAR = "unknown"


def compute(flows: Flows) -> Table:
    """Models by the year of their creation: licence classes and disclosure of training data."""
    # On both bases a model's downloads at a date are one reading: nothing has to be added up by model.
    counted = ibis.union(flows.readings, flows.flows.filter(flows.flows.series == THIRTY_DAYS))
    traits = licences.openness(flows.data)
    alike = list(traits.drop("model").columns)
    rows = counted.inner_join(traits, "model").mutate(
        year=lambda row: row.created_on.year().cast("string").fill_null(UNKNOWN_YEAR)
    )
    cells = rows.group_by(["series", "closed", "year", *alike]).aggregate(
        downloads=rows.downloads.sum().cast("int64"), models=rows.count()
    )
    windows = flows.windows.filter(flows.windows.basis.isin(BASES)).mutate(
        series=lambda row: ibis.ifelse(row.basis == ALL_TIME, ALL_TIME, THIRTY_DAYS), closed="as_of"
    )
    dated = cells.inner_join(windows, ["series", "closed"])
    summed = dated.group_by([*WITHIN, "year"]).aggregate(**parts_of(dated))
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
