"""Who leads the market for new open models?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import shares
from generator.sums import by_lens, market

WITHIN = ("as_of", "reading", "lens", "window_months", "window_start", "basis")
READINGS = {"cohort": "new", "first-year": "first_year"}
"""Each reading's name and that of its columns in the market."""


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of new models, under both readings and both lenses."""
    return shares(both_readings(flows), WITHIN, "country").order_by(
        ["as_of", "lens", "reading", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"]
    )


def both_readings(flows: Flows) -> Table:
    """The downloads of new models, once under each reading: :data:`WITHIN`, country, downloads, models."""
    rows = by_lens(market(flows)).filter(lambda row: row.window_months.notnull())
    return ibis.union(
        *(
            rows.filter(rows[f"{of}_models"] > 0)
            .mutate(reading=ibis.literal(reading), downloads=rows[f"{of}_downloads"], models=rows[f"{of}_models"])
            .select(*WITHIN, "country", "downloads", "models")
            for reading, of in READINGS.items()
        )
    )


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
