"""Who leads the market for new open models?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import shares

WITHIN = ("as_of", "reading", "lens", "window_months", "window_start", "basis")


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of new models, under both readings and both lenses."""
    return shares(both_readings(flows), WITHIN, "country").order_by(
        ["as_of", "lens", "reading", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"]
    )


def both_readings(flows: Flows) -> Table:
    """The attributed downloads of new models, once under each reading."""
    rows = flows.attributed
    in_window = rows.filter(rows.window_months.notnull())
    cohort = in_window.filter(in_window.new).mutate(reading=ibis.literal("cohort"))
    first_year = in_window.filter(in_window.first_year & in_window.complete).mutate(reading=ibis.literal("first-year"))
    return ibis.union(cohort, first_year)


METRIC = Metric(
    id="new-model-share-by-country",
    title="Share of new-model downloads by country",
    question="Who leads the market for new open models?",
    definition=(
        "Downloads of new models by the developer's country, divided by the downloads of all new models, "
        "unattributed ones included. Two readings are published side by side. Cohort: models created in the 365 "
        "days up to the snapshot; with counters, all their downloads since creation. First-year: all downloads "
        "made within 365 days of a model's creation, whenever that was, summed over the window; a flow between "
        "two report dates counts as first-year when its middle lies within the year."
    ),
    unit="fraction of downloads",
    columns=(*WITHIN, "rank", "country", "downloads", "models", "share", "lower", "upper"),
    caveats=(
        *USUAL_CAVEATS,
        "Repositories older than 2 March 2022 have no known creation date and count as no new model.",
        "The cohort holds models of different ages: one created last week had a week to be downloaded.",
        "A young model that is renamed counts under both names until a year after its creation.",
        "With one snapshot the first-year reading reaches back 30 days only; its year needs a year of archive.",
    ),
    source=(
        "After the MIT / Hugging Face study of November 2025 (its rolling set of downloads in a model's first "
        "year); the cohort reading is this report's own."
    ),
    compute=compute,
)
