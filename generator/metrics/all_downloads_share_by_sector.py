"""The whole market by the kind of organisation."""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import shares
from generator.sums import by_lens, market

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")


def compute(flows: Flows) -> Table:
    """Each sector's share of the downloads of all models."""
    rows = by_lens(market(flows))
    return shares(rows.filter(rows.models > 0), WITHIN, "sector").order_by(
        ["as_of", "lens", "window_months", "basis", ibis.asc("rank", nulls_first=False), "sector"]
    )


METRIC = Metric(
    id="all-downloads-share-by-sector",
    title="Share of all downloads by sector",
    question="Do companies, universities or communities build the models that are used?",
    definition=(
        "Downloads of all models by the sector of their developer as the registry has it, divided by all "
        "downloads, unattributed ones included."
    ),
    unit="fraction of downloads",
    columns=(*WITHIN, "rank", "sector", "downloads", "models", "share", "lower", "upper"),
    caveats=(
        *USUAL_CAVEATS,
        "The sector is that of the publishing body: a university's model released by a company's account counts "
        "as the company's.",
    ),
    source="This report's own; sectors as in the registry of organisations.",
    compute=compute,
)
