"""The whole market, not only its new models, by country."""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import shares
from generator.sums import by_lens, market

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of all models."""
    rows = by_lens(market(flows))
    return shares(rows.filter(rows.models > 0), WITHIN, "country").order_by(
        ["as_of", "lens", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"]
    )


METRIC = Metric(
    id="all-downloads-share-by-country",
    title="Share of all downloads by country",
    question="Who leads the whole market, old models included?",
    definition=(
        "Downloads of all models by the developer's country, divided by all downloads, unattributed ones "
        "included: over the last month, the last twelve months and all time, as far as the archive reaches."
    ),
    unit="fraction of downloads",
    columns=(*WITHIN, "rank", "country", "downloads", "models", "share", "lower", "upper"),
    caveats=(
        *USUAL_CAVEATS,
        "Old models weigh heavily: much of the traffic is software that fetches the same small models anew.",
    ),
    source="The study's shares applied to all models; this report's own.",
    compute=compute,
)
