"""Which models does the world build upon?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED, families
from generator.attribution.depth import depths
from generator.flows import Flows
from generator.metric import Metric

TOP = 50


def compute(flows: Flows) -> Table:
    """The fifty root models with the most derivatives."""
    newest = ibis.literal(max(flows.data.report_dates))
    models = flows.attribution.models
    pairs = lineage_now(flows)
    summed = pairs.group_by("root_id").aggregate(
        derivatives=pairs.count(),
        direct=pairs.count(where=pairs.depth == 1),
        depth=pairs.depth.max(),
        downloads=pairs.downloads.sum().cast("int64"),
    )
    place = ibis.row_number().over(ibis.window(order_by=[ibis.desc("derivatives"), ibis.asc("root_id")])) + 1
    ranked = summed.mutate(rank=place.cast("int64"), as_of=newest).filter(lambda row: row["rank"] <= TOP)
    held = models.select(
        root_id="model_id", held_organisation="publisher_organisation", held_country="publisher_country"
    )
    # A root that is gone has no row of its own: what descends from it alone says whose it was.
    alone = pairs.inner_join(
        models.filter(models["roots"] == 1).select("model_id", "origin_organisation", "origin_country"), "model_id"
    )
    told = alone.group_by("root_id").aggregate(
        told_organisation=alone.origin_organisation.argmin(alone.model_id),
        told_country=alone.origin_country.argmin(alone.model_id),
    )
    named = ranked.left_join(held, "root_id").drop("root_id_right").left_join(told, "root_id").drop("root_id_right")
    return named.select(
        "as_of",
        "rank",
        "root_id",
        organisation=ibis.coalesce(named.held_organisation, named.told_organisation, named.root_id.split("/")[0]),
        country=ibis.coalesce(named.held_country, named.told_country, ibis.literal(UNATTRIBUTED)),
        family=families.family_of(named.root_id, families.load()),
        derivatives=named.derivatives,
        direct=named.direct,
        depth=named.depth,
        downloads=named.downloads,
    ).order_by("rank")


def lineage_now(flows: Flows) -> Table:
    """The derivatives of the newest report date with their roots.

    Returns:
        model_id, root_id, depth, downloads (the all-time counter); one row a derivative and root.
    """
    observed = flows.data.observations
    now = observed.filter(observed.as_of == ibis.literal(max(flows.data.report_dates)))
    counted = flows.data.named(now.select("model", downloads="downloads_all_time")).drop("model")
    return depths(flows.data.backend, flows.data.models).inner_join(counted, "model_id")


METRIC = Metric(
    id="most-built-upon",
    title="Most built-upon models",
    question="Which models does the world build upon?",
    definition=(
        f"The {TOP} root models with the most derivatives at the newest report date: all models whose declared base "
        "models lead back to it, over any number of steps. A merge counts for each of its roots."
    ),
    unit="models; downloads",
    columns=(
        "as_of",
        "rank",
        "root_id",
        "organisation",
        "country",
        "family",
        "derivatives",
        "direct",
        "depth",
        "downloads",
    ),
    own_columns=(
        ("rank", "Position by derivatives, 1 the most."),
        ("root_id", "The model at the root, as its derivatives name it; it may have left the Hub."),
        ("family", "Family that the root's name tells; empty where it tells none."),
        ("derivatives", "Number of models that descend from it."),
        ("direct", "How many of them name it as their base model."),
        ("depth", "Length of the longest chain from it, in steps; where several ways lead to a model, the shortest."),
        ("downloads", "All-time downloads of its derivatives; its own are not among them."),
    ),
    caveats=(
        "Lineage is what uploaders declare; what was built upon a model without saying so is not counted.",
        "A root is where the declarations end: a model that does not name its base counts as a root itself.",
        "Only derivatives in the newest snapshot are counted; a selection by downloads misses most of them.",
    ),
    source="This report's own.",
    compute=compute,
)
