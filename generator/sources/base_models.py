"""What a model was made from, read from its ``base_model:…`` tags."""

from collections.abc import Sequence

RELATIONS = ("finetune", "adapter", "quantized", "merge")
"""The relations that the Hub knows between a model and its base models."""

PREFIX = "base_model:"


def from_tags(tags: Sequence[str]) -> tuple[list[str], str | None]:
    """Read the base models and the relation to them from a model's tags.

    The Hub writes each parent twice, ``base_model:org/name`` and ``base_model:finetune:org/name``.

    Args:
        tags: all tags of one model, in the Hub's order.

    Returns:
        The parents' model ids in first-seen order without duplicates; and the relation named by the first
        typed tag, one of :data:`RELATIONS`, or None where no tag names one.
    """
    parents: dict[str, None] = {}
    relation: str | None = None
    for tag in tags:
        if not tag.startswith(PREFIX):
            continue
        # A model id holds no colon, so the last one parts the parent from the relation, even an unknown one.
        kind, _, parent = tag.removeprefix(PREFIX).rpartition(":")
        if parent.strip():
            parents[parent.strip()] = None
            if relation is None and kind in RELATIONS:
                relation = kind
    return list(parents), relation
