"""Which families of models are downloaded most, derivatives included?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import CHANGES, ranking
from generator.sums import market

WITHIN = ("as_of", "window_months", "window_start", "basis")
TOP = 50
UNASSIGNED = "unassigned"


def compute(flows: Flows) -> Table:
    """The fifty most downloaded families at every report date."""
    rows = market(flows).filter(lambda row: row.models > 0)
    ranked = ranking(rows.mutate(family=rows.family.fill_null(UNASSIGNED)), WITHIN, "family", TOP)
    return ranked.order_by(["as_of", ibis.asc("window_months", nulls_first=False), "basis", "rank"])


METRIC = Metric(
    id="top-families",
    title="Most downloaded model families",
    question="Which families do the world's models belong to?",
    definition=(
        f"Families by the downloads of all their members, derivatives by others included, the first {TOP} at "
        "every report date. A model belongs to the family of the model at the root of its lineage; where that "
        "has none, its own name decides by the published rules."
    ),
    unit="downloads; fraction of downloads",
    columns=(
        *WITHIN,
        "rank",
        "family",
        "downloads",
        "models",
        *CHANGES,
    ),
    own_columns=(
        ("previous_share", "The share at the report date before; empty where there is none."),
        ("share_change", "share minus previous_share."),
        ("rank_change", "Places gained since the report date before (negative: lost)."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "Lineage is what uploaders declare; a derivative that does not name its base is found by name or not at all.",
    ),
    source="This report's own; the rules are published in families.csv.",
    compute=compute,
)
