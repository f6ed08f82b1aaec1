"""From a model to the models at the root of its lineage."""

import ibis
from ibis.expr.types import Table

MAX_DEPTH = 64
"""Steps after which the search stops; real chains are under 20 long and cycles are cut by the visited set."""


def edges(models: Table) -> Table:
    """Every parent of every model.

    Args:
        models: with model_id and base_models (list of text).

    Returns:
        model_id, parent_id: distinct, without models that name themselves.
    """
    pairs = models.select("model_id", parent_id=models.base_models.unnest())
    return pairs.filter(pairs.parent_id.notnull() & (pairs.parent_id != pairs.model_id)).distinct()


def roots(backend: ibis.BaseBackend, models: Table) -> Table:
    """The root models of every model that has parents.

    A root is an ancestor without parents of its own; it may be missing from the Hub (deleted, private), its id
    still tells whose it was. A merge has several. A model whose every path runs into a cycle has none and is
    absent from the result.

    Args:
        backend: where ``models`` lives; working tables are made there.
        models: with model_id and base_models.

    Returns:
        model_id, root_id; one row a pair.
    """
    links = backend.create_table("lineage_edges", edges(models))
    step = links.rename(node="model_id", next_node="parent_id")
    reached = frontier = links.rename(node="parent_id")
    for depth in range(MAX_DEPTH):
        onward = (
            frontier.join(step, "node")
            .select("model_id", node="next_node")
            .distinct()
            .anti_join(reached, ["model_id", "node"])
        )
        frontier = backend.create_table(f"lineage_step_{depth}", onward)
        if frontier.count().to_pyarrow().as_py() == 0:
            break
        reached = backend.create_table(f"lineage_reached_{depth}", ibis.union(reached, frontier))
    return reached.anti_join(step, "node").select("model_id", root_id="node")
