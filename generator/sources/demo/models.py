"""Every model that ever was, but for its downloads."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from generator.sources.demo.arrays import Ints
from generator.sources.demo.developers import developers
from generator.sources.demo.lineage import DEPTHS, RELATIONS, USER_RELATIONS, draw_parents, draw_uploaders
from generator.sources.demo.plan import FLOOR, FLOOR_DAY, Demo, day_number
from generator.sources.demo.traits import FLOOR_AUTHORS, choose_libraries, draw_ids, draw_sizes, draw_tasks_and_licenses

LAB_PART = 0.45
"""The largest part of all models that developers' own releases may take; small demos release less to keep to
it.
"""
MOST_REPOSITORIES = 8


@dataclass(frozen=True)
class Models:
    """One value a model in each array.

    ``developer`` numbers the rows of the developers' file, with one more number for everybody else;
    ``parent``, ``second`` and ``root`` are positions of models, -1 for none; ``relation`` is a position in
    RELATIONS, or -1. ``bases`` names the base of the models whose chain leads nowhere, ``cycles`` are those
    of them in a ring.
    """

    created: Ints
    second_of_day: Ints
    developer: Ints
    parent: Ints
    second: Ints
    relation: Ints
    root: Ints
    size: Ints
    ids: list[str]
    tasks: list[str | None]
    licenses: list[str | None]
    libraries: list[str | None]
    bases: dict[int, str]
    cycles: frozenset[int]


def draw_models(demo: Demo, random: np.random.Generator) -> tuple[Models, float]:
    """Draw every model but its downloads: first the old ones, then releases, then what the community made."""
    nobody = len(developers())
    end = day_number(demo.last)
    lab_developer, lab_day, position, stretch = _releases(demo, random)
    olds = max(5, demo.models // 40)
    others = demo.models - olds - len(lab_day)
    old_author = np.arange(olds) % len(FLOOR_AUTHORS)
    places = {lab.namespace: place for place, lab in enumerate(developers())}
    old_developers = np.array([places.get(author, nobody) for author in FLOOR_AUTHORS])
    # The community grows by half each year; one draw in each of equal slices keeps its months even.
    span = end - 1 - FLOOR_DAY
    growth = np.log(1.5) / 365
    slices = (np.arange(others) + random.random(others)) / others
    other_day = FLOOR_DAY + 1 + np.floor(np.log1p(slices * np.expm1(growth * span)) / growth).astype(np.int64)

    created = np.concatenate([np.full(olds, FLOOR_DAY), lab_day, np.minimum(other_day, end - 1)])
    count = len(created)
    is_lab = np.zeros(count, bool)
    is_lab[olds : olds + len(lab_day)] = True
    is_other = np.arange(count) >= olds + len(lab_day)
    places_in_release = np.zeros(count, np.int64)
    places_in_release[is_lab] = position
    # A few of a lab's repositories are distilled or tuned from somebody else's model.
    borrowed = is_lab & (places_in_release > 0) & (random.random(count) < 0.04)
    derived = borrowed | (is_other & (random.random(count) < 0.85))
    developer = np.concatenate([old_developers[old_author], lab_developer, np.full(others, nobody)])
    developer[is_other & derived] = draw_uploaders(random, created[is_other & derived])

    relation = np.full(count, -1)
    relation[derived] = random.choice(len(RELATIONS), derived.sum(), p=USER_RELATIONS)
    relation[borrowed] = RELATIONS.index("finetune")
    relation[is_other & derived & (developer < nobody)] = RELATIONS.index("quantized")
    parent, second, depth = draw_parents(random, created, developer, derived, is_other, relation)

    leaves = np.setdiff1d(np.flatnonzero(is_other & derived & (developer == nobody)), np.r_[parent, second])
    odd = random.permutation(leaves)[:11]
    parent[odd] = second[odd] = -1
    relation[odd] = RELATIONS.index("finetune")
    root = np.arange(count)
    for _ in DEPTHS:
        root = np.where(parent[root] >= 0, parent[root], root)

    size = draw_sizes(random, created, is_lab, places_in_release, old=created == FLOOR_DAY)
    tasks, licenses = draw_tasks_and_licenses(random, created, developer, is_lab, old_author)
    for step in range(1, len(DEPTHS) + 1):
        for model in np.flatnonzero((depth == step) & (parent >= 0)):
            size[model], tasks[model] = size[parent[model]], tasks[parent[model]]
            # Those who build on a model keep its licence, or name none.
            if not is_lab[model]:
                licenses[model] = licenses[parent[model]] if licenses[model] is not None else None
    bare = random.random(count)
    ids = draw_ids(random, created, developer, is_lab, places_in_release, size, relation, root, old_author)
    bases = {int(model): f"sim-user-9999/simulated-deleted-{n:02d}" for n, model in enumerate(odd[7:])}
    for ring in (odd[0:2], odd[2:4], odd[4:7]):
        bases.update({int(model): ids[other] for model, other in zip(ring, np.roll(ring, 1), strict=True)})
    models = Models(
        created=created,
        second_of_day=np.where(
            created == FLOOR_DAY, (FLOOR - datetime(2022, 3, 2)).seconds, random.integers(0, 86400, count)
        ),
        developer=developer,
        parent=parent,
        second=second,
        relation=relation,
        root=root,
        size=size,
        ids=ids,
        tasks=[None if chance < 0.05 else task for task, chance in zip(tasks, bare, strict=True)],
        licenses=licenses,
        libraries=choose_libraries(tasks, relation, ids, bare),
        bases=bases,
        cycles=frozenset(int(model) for model in odd[:7]),
    )
    return models, stretch


def _releases(demo: Demo, random: np.random.Generator) -> tuple[Ints, Ints, Ints, float]:
    """Draw the developers' releases.

    Returns:
        For each repository its developer, its day and its place in the release (from 0), and the factor by
        which the planted cadences were stretched.
    """
    end = day_number(demo.last)
    labs = [(place, lab) for place, lab in enumerate(developers()) if lab.cadence_days and lab.first < end]
    events = {place: (min(lab.last, end) - lab.first) / lab.cadence_days for place, lab in labs}
    budget = LAB_PART * demo.models
    expected = sum(events[place] * lab.repositories for place, lab in labs)
    shrink = min(1.0, budget / expected)
    repositories = {place: max(1.0, lab.repositories * shrink) for place, lab in labs}
    stretch = max(1.0, sum(events[place] * repositories[place] for place, _ in labs) / budget)
    parts: list[tuple[Ints, Ints, Ints]] = []
    for place, lab in labs:
        cadence = lab.cadence_days * stretch
        gaps = np.rint(cadence * random.uniform(0.75, 1.25, int(2 * events[place] / stretch) + 2))
        days = lab.first + np.concatenate([[0], np.cumsum(np.maximum(gaps, 1))]).astype(np.int64)
        days = days[(days < end) & (days <= lab.last)]
        sizes = np.minimum(1 + random.poisson(repositories[place] - 1, len(days)), MOST_REPOSITORIES)
        parts.append((np.full(sizes.sum(), place), np.repeat(days, sizes), _places(sizes)))
    developer, day, position = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return developer, day, position, stretch


def _places(sizes: Ints) -> Ints:
    """0, 1, … within each group of the given sizes."""
    starts = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) - np.repeat(starts, sizes)
