"""How many steps a model stands from the models at the root of its lineage."""

import ibis
from ibis.expr.types import Table

from generator.attribution.lineage import MAX_DEPTH, edges
from generator.engines import kept

TABLE = "lineage_depths"


def depths(backend: ibis.BaseBackend, models: Table) -> Table:
    """The distance of every model from each of its roots.

    The distance is the fewest steps from base model to derivative: 1 for what names the root itself as its base. Of
    several ways the shortest counts, so that a cycle along one of them makes no chain longer. Roots are those of
    :func:`generator.attribution.lineage.roots`; a model whose every path runs into a cycle is absent.

    Args:
        backend: where ``models`` lives; working tables are made there, and the result is kept there, since several
            metrics ask for it.
        models: with model_id and base_models.

    Returns:
        model_id, root_id, depth (1 or more); one row a pair.
    """
    return kept(backend, TABLE, lambda: _measured(backend, models))


def _measured(backend: ibis.BaseBackend, models: Table) -> Table:
    links = backend.create_table("depth_edges", edges(models))
    parents = links.select(parent_id="model_id").distinct()
    first = links.anti_join(parents, "parent_id").select("model_id", root_id="parent_id")
    frontier = backend.create_table("depth_step_1", first.mutate(depth=ibis.literal(1, "int64")))
    reached = frontier
    for depth in range(2, MAX_DEPTH + 1):
        onward = (
            links.inner_join(frontier.select(parent_id="model_id", root_id="root_id"), "parent_id")
            .select("model_id", "root_id")
            .distinct()
            .anti_join(reached, ["model_id", "root_id"])
            .mutate(depth=ibis.literal(depth, "int64"))
        )
        frontier = backend.create_table(f"depth_step_{depth}", onward)
        if frontier.count().to_pyarrow().as_py() == 0:
            break
        reached = backend.create_table(f"depth_reached_{depth}", ibis.union(reached, frontier))
    return reached
