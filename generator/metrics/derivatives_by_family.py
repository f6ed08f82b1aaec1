"""Which families do new derivatives belong to, month by month?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.derivatives_by_origin import CAVEATS, COLUMNS, KEYS, monthly, new_derivatives, order
from generator.metrics.top_families import UNASSIGNED


def compute(flows: Flows) -> Table:
    """New derivatives by family."""
    derivatives = new_derivatives(flows)
    named = derivatives.mutate(family=derivatives.family.fill_null(UNASSIGNED))
    return monthly(named, flows, "family", [UNASSIGNED]).order_by(order("family"))


METRIC = Metric(
    id="derivatives-by-family",
    title="New derivatives by family",
    question="Which families do others build upon?",
    definition=(
        "Models that name a base model, by the month of their creation and their family: that of the model at the "
        "root of their lineage, else the one that their own name tells; for each month and for the twelve months "
        "that end with it."
    ),
    unit="models; fraction of new derivatives",
    columns=(*KEYS, "rank", "family", "derivatives", "total", "share"),
    own_columns=COLUMNS,
    caveats=CAVEATS,
    source="This report's own; the same question as the derivatives' chapter of the ATOM Report (April 2026).",
    compute=compute,
)
