"""How are new derivatives made from their base models, month by month?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.derivatives_by_origin import CAVEATS, COLUMNS, KEYS, monthly, new_derivatives, order

UNKNOWN = "unknown"
RELATION = ("relation", "finetune, adapter, quantized or merge as the Hub knows them; unknown where none is declared.")


def compute(flows: Flows) -> Table:
    """New derivatives by their relation to the base model."""
    derivatives = new_derivatives(flows)
    named = derivatives.mutate(relation=derivatives.relation.fill_null(UNKNOWN))
    return monthly(named, flows, "relation", [UNKNOWN]).order_by(order("relation"))


METRIC = Metric(
    id="derivatives-by-relation",
    title="New derivatives by relation to the base model",
    question="How do others build upon open models?",
    definition=(
        "Models that name a base model, by the month of their creation and by how they were made from it: fine-tuned, "
        "as an adapter, quantised or merged; for each month and for the twelve months that end with it."
    ),
    unit="models; fraction of new derivatives",
    columns=(*KEYS, "rank", "relation", "derivatives", "total", "share"),
    own_columns=(*COLUMNS, RELATION),
    caveats=CAVEATS,
    source="This report's own; the relations are those of the Hub's base_model tags.",
    compute=compute,
)
