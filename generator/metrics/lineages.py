"""How wide and how deep have the families of models grown, and who carries them on?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import lineage
from generator.attribution.depth import depths
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.top_families import UNASSIGNED
from generator.shares import UNRANKED


def compute(flows: Flows) -> Table:
    """Every family that has derivatives, the widest first."""
    members = members_now(flows)
    derived = members.derived
    summed = members.group_by("family").aggregate(
        models=members.count(),
        derivatives=members.count(where=derived),
        max_depth=members.depth.max(),
        median_depth=members.depth.median(),
        publishers=members.publisher_organisation.nunique(where=derived),
        countries=members.publisher_country.nunique(where=derived & ~members.publisher_country.isin(UNRANKED)),
        downloads=members.downloads.sum(where=derived).cast("int64"),
    )
    widest = summed.filter(summed.derivatives > 0)
    unnamed = widest.family == UNASSIGNED
    place = ibis.row_number().over(
        ibis.window(group_by=unnamed, order_by=[ibis.desc("derivatives"), ibis.asc("family")])
    )
    return widest.mutate(
        as_of=ibis.literal(max(flows.data.report_dates)),
        rank=ibis.ifelse(unnamed, ibis.null("int64"), place.cast("int64") + 1),
        share=widest.derivatives / widest.derivatives.sum().over(ibis.window()).cast("float64"),
    ).order_by([ibis.asc("rank", nulls_first=False), "family"])


def members_now(flows: Flows) -> Table:
    """The models of the newest report date with their place in their family.

    Returns:
        The columns of ``Attribution.models``; family (``unassigned`` where there is none), relation, derived
        (names a base model), depth (steps from the farthest of its roots; null for roots and cycles), downloads (all
        time).
    """
    models = flows.attribution.models
    observed = flows.data.observations
    now = observed.filter(observed.as_of == ibis.literal(max(flows.data.report_dates)))
    children = lineage.edges(flows.data.models).select("model_id").distinct().mutate(derived=ibis.literal(True))
    pairs = depths(flows.data.backend, flows.data.models)
    farthest = pairs.group_by("model_id").aggregate(depth=pairs.depth.max())
    joined = (
        models.inner_join(now.select("model", downloads="downloads_all_time"), "model")
        .inner_join(flows.data.models.select("model_id", relation="base_relation"), "model_id")
        .left_join(children, "model_id")
        .drop("model_id_right")
        .left_join(farthest, "model_id")
        .drop("model_id_right")
    )
    return joined.mutate(family=joined.family.fill_null(UNASSIGNED), derived=joined.derived.fill_null(False))


METRIC = Metric(
    id="lineages",
    title="Lineages of the families",
    question="How wide and how deep have the families of models grown?",
    definition=(
        "Families at the newest report date: their models, how many of these name a base model, how many steps these "
        "stand from the root of their lineage (of several, the farthest), and how many publishers of how many "
        "countries made them."
    ),
    unit="models; steps; publishers",
    columns=(
        "as_of",
        "rank",
        "family",
        "models",
        "derivatives",
        "share",
        "max_depth",
        "median_depth",
        "publishers",
        "countries",
        "downloads",
    ),
    own_columns=(
        ("rank", "Position by derivatives, 1 the widest; empty for what belongs to no family."),
        ("models", "Number of models of the family, derivatives included."),
        ("derivatives", "How many of them name a base model."),
        ("share", "Fraction of all derivatives, those of no family included (0 to 1)."),
        (
            "max_depth",
            "Length of the longest chain from a root to a derivative, in steps; where several ways lead there from one "
            "root, the shortest. Empty where no derivative leads to a root.",
        ),
        ("median_depth", "Median of these steps over the derivatives."),
        ("publishers", "Number of organisations and other namespaces that published derivatives."),
        ("countries", "Number of countries among those publishers that the registry knows."),
        ("downloads", "All-time downloads of the derivatives."),
    ),
    caveats=(
        "Lineage is what uploaders declare; a step that nobody declared shortens the chain.",
        "Most who build upon a model are individuals that the registry does not know, so their countries are missing.",
        "Only models in the newest snapshot are counted; a selection by downloads misses most derivatives.",
    ),
    source="This report's own; the rules for families are published in families.csv.",
    compute=compute,
)
