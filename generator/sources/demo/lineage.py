"""What is built on what: who uploads each derivative, and the base models that it names."""

import numpy as np

from generator.sources.demo.arrays import Bools, Floats, Ints
from generator.sources.demo.developers import DERIVED_DATES, developers
from generator.sources.demo.plan import day_number

RELATIONS = ("finetune", "adapter", "quantized", "merge")
USER_RELATIONS = (0.38, 0.34, 0.2, 0.08)
DEPTHS = (0.8, 0.14, 0.045, 0.015)
"""Part of the derivatives that stand one, two, three and four steps from their root."""


def draw_uploaders(random: np.random.Generator, created: Ints) -> Ints:
    """Who uploads each derivative: an intermediary that is active on the day, else nobody in particular."""
    chance = random.random(len(created))
    uploader = np.full(len(created), len(developers()))
    low = np.zeros(len(created))
    for place, maker in enumerate(developers()):
        high = low + np.where((created >= maker.first) & (created <= maker.last), maker.uploads, 0.0)
        uploader[(chance >= low) & (chance < high)] = place
        low = high
    return uploader


def draw_parents(
    random: np.random.Generator,
    created: Ints,
    developer: Ints,
    derived: Bools,
    is_other: Bools,
    relation: Ints,
) -> tuple[Ints, Ints, Ints]:
    """Choose the base models.

    Returns:
        parent and second parent (positions, -1 for none) and the depth (0 for roots) of every model. A base
        was always created before the day of what is built on it.
    """
    count = len(created)
    parent, second, depth = np.full(count, -1), np.full(count, -1), np.zeros(count, np.int64)
    family = np.full(count, -1)
    roots = np.flatnonzero(~derived & ~is_other)
    nodes = np.flatnonzero(derived)
    nodes = nodes[np.argsort(created[nodes], kind="stable")]
    nobody = len(developers())
    begun = np.full(nobody, np.iinfo(np.int64).max)
    known = roots[developer[roots] < nobody]
    np.minimum.at(begun, developer[known], created[known])
    weights = _derived_weights(created[nodes]) * (begun[None, :] < created[nodes][:, None])
    heights = np.cumsum(weights, axis=1)
    # Steps of the golden ratio fill every stretch of time evenly, so a month's shares keep close to the plan.
    even = (random.random() + np.arange(len(nodes)) * 0.6180339887498949) % 1.0
    family[nodes] = (even[:, None] * heights[:, -1:] >= heights).sum(axis=1)
    family[known] = developer[known]

    depth[nodes] = random.choice(len(DEPTHS), len(nodes), p=DEPTHS) + 1
    depth[nodes[~is_other[nodes]]] = 1
    pool = known
    for step in range(1, len(DEPTHS) + 1):
        here = nodes[depth[nodes] == step]
        chosen = _earlier(random, pool, family, created, here)
        parent[here] = chosen
        orphans = here[chosen < 0]
        parent[orphans] = _earlier(random, known, family, created, orphans)
        depth[orphans] = 1
        pool = here[(chosen >= 0) & is_other[here]]
    merges = nodes[(relation[nodes] == RELATIONS.index("merge")) & (random.random(len(nodes)) < 0.4)]
    others = _earlier(random, known, family, created, merges)
    second[merges] = np.where(others == parent[merges], -1, others)
    return parent, second, depth


def _derived_weights(created: Ints) -> Floats:
    """Each developer's part of the derivatives made on each day, one row a day; rows sum to 1."""
    before, after = (
        np.array([max(lab.derived[place], 1e-9) for lab in developers()]) for place in range(len(DERIVED_DATES))
    )
    first, last = (day_number(day) for day in DERIVED_DATES.values())
    progress = np.clip((created - first) / (last - first), 0, 1)[:, None]
    weights: Floats = np.exp((1 - progress) * np.log(before) + progress * np.log(after))
    weights *= np.array([any(lab.derived) for lab in developers()])
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _earlier(random: np.random.Generator, pool: Ints, family: Ints, created: Ints, nodes: Ints) -> Ints:
    """For each node a model of the pool, of its family and older than its day, newer ones more often; else
    -1.
    """
    width = 1 << 20
    key = family[pool] * width + created[pool]
    order = np.argsort(key, kind="stable")
    start = np.searchsorted(key[order], family[nodes] * width)
    stop = np.searchsorted(key[order], family[nodes] * width + created[nodes])
    step = np.floor((stop - start) * np.sqrt(random.random(len(nodes)))).astype(np.int64)
    if len(pool) == 0:
        return np.full(len(nodes), -1)
    return np.where(stop > start, pool[order][np.minimum(start + step, len(pool) - 1)], -1)
