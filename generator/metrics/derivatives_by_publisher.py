"""Who builds upon the great families, and how?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.derivatives_by_relation import RELATION, UNKNOWN
from generator.metrics.lineages import members_now
from generator.metrics.top_families import UNASSIGNED

FAMILIES = 20


def compute(flows: Flows) -> Table:
    """The derivatives of the twenty widest families by their publisher's country and their relation."""
    members = members_now(flows)
    derived = members.filter(members.derived & (members.family != UNASSIGNED)).mutate(
        relation=lambda row: row.relation.fill_null(UNKNOWN)
    )
    summed = derived.group_by("family", country="publisher_country", relation="relation").aggregate(
        derivatives=derived.count()
    )
    width = summed.mutate(width=summed.derivatives.sum().over(ibis.window(group_by="family")))
    by_width = ibis.window(order_by=[ibis.desc("width"), ibis.asc("family")])
    ranked = width.mutate(rank=ibis.dense_rank().over(by_width).cast("int64") + 1)
    return (
        ranked.filter(ranked["rank"] <= FAMILIES)
        .mutate(
            as_of=ibis.literal(max(flows.data.report_dates)),
            share=lambda row: row.derivatives / row.width.cast("float64"),
        )
        .order_by(["rank", ibis.desc("derivatives"), "country", "relation"])
    )


METRIC = Metric(
    id="derivatives-by-publisher",
    title="Who builds upon the families, and how",
    question="In which countries are a family's models built upon?",
    definition=(
        f"Models of the {FAMILIES} widest families that name a base model, at the newest report date, by the country "
        "of their publisher and by how they were made."
    ),
    unit="models; fraction of the family's derivatives",
    columns=("as_of", "rank", "family", "country", "relation", "derivatives", "share"),
    own_columns=(
        ("rank", "Position of the family by its derivatives."),
        (
            "country",
            "ISO 3166-1 alpha-2 code of the publisher's country, XX for international bodies, unattributed where the "
            "registry does not know the namespace.",
        ),
        RELATION,
        ("derivatives", "Number of models that name a base model."),
        ("share", "Fraction of the family's derivatives (0 to 1)."),
    ),
    caveats=(
        "Most who build upon a model are individuals that the registry does not know, so their countries are missing.",
        "Only models in the newest snapshot are counted; a selection by downloads misses most derivatives.",
    ),
    source="This report's own.",
    compute=compute,
)
