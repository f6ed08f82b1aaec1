"""The great families' trees in the large: how many derivatives stand how far from which root?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import families
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.derivatives_by_publisher import FAMILIES
from generator.metrics.derivatives_by_relation import RELATION, UNKNOWN
from generator.metrics.lineages import compute as lineages
from generator.metrics.most_built_upon import lineage_now

ROOTS = 10


def compute(flows: Flows) -> Table:
    """The derivatives of the ten most built-upon roots of each of the twenty widest families."""
    widest = lineages(flows)
    chosen = widest.filter(widest["rank"] <= FAMILIES).select("family", family_rank="rank")
    pairs = lineage_now(flows).inner_join(
        flows.data.models.select("model_id", relation=flows.data.models.base_relation.fill_null(UNKNOWN)), "model_id"
    )
    summed = pairs.group_by("root_id", "depth", "relation").aggregate(derivatives=pairs.count())
    roots = summed.select("root_id").distinct()
    named = roots.mutate(family=families.family_of(roots.root_id, families.load())).inner_join(chosen, "family")
    counted = summed.inner_join(named, "root_id").mutate(
        width=lambda row: row.derivatives.sum().over(ibis.window(group_by="root_id"))
    )
    by_width = ibis.window(group_by="family", order_by=[ibis.desc("width"), ibis.asc("root_id")])
    ranked = counted.mutate(rank=ibis.dense_rank().over(by_width).cast("int64") + 1)
    return (
        ranked.filter(ranked["rank"] <= ROOTS)
        .mutate(as_of=ibis.literal(max(flows.data.report_dates)))
        .order_by(["family_rank", "rank", "depth", "relation"])
    )


METRIC = Metric(
    id="derivatives-by-step",
    title="Derivatives by root and step",
    question="What do the families' trees look like?",
    definition=(
        f"Of each of the {FAMILIES} widest families the {ROOTS} root models with the most derivatives at the newest "
        "report date, and how many of these stand how many steps from it, made in which way. A root belongs to the "
        "family that its own name tells; a merge counts for each of its roots."
    ),
    unit="models",
    columns=("as_of", "family", "rank", "root_id", "depth", "relation", "derivatives"),
    own_columns=(
        ("rank", "Position of the root in its family by derivatives."),
        ("root_id", "The model at the root, as its derivatives name it; it may have left the Hub."),
        ("depth", "Steps from the root; where several ways lead to a model, the shortest."),
        RELATION,
        ("derivatives", "Number of models at that distance, made in that way from their own base model."),
    ),
    caveats=(
        "Lineage is what uploaders declare; a step that nobody declared shortens the chain.",
        "Only models in the newest snapshot are counted; a selection by downloads misses most derivatives.",
    ),
    source="This report's own.",
    compute=compute,
)
