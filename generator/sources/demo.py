"""A seeded simulation of a Hub whose truth is known: for a report without a network, for tests and for scale.

Who the simulated developers are, how much of the new downloads they hold, how often they release and how
often others build on them stands in ``demo_developers.csv``. Every model's counter follows a closed form of
its age, ``scale * (age / (age + half) + tail * age / 365)``, so any counter of any day is exact; the scales
are fitted once so that each country's share of the downloads of new models follows the planted path.
:func:`truth` is then counted from the simulation's own arrays, not taken from the plan.

The namespaces are those of real publishers, so that attribution has something to do; every model in them is
made up and says so in its name.
"""

import csv
import json
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UNATTRIBUTED = "unattributed"
DEVELOPERS_FILE = Path(__file__).with_name("demo_developers.csv")

SHARE_DATES = {
    "share_2022_11": date(2022, 11, 30),
    "share_2023_11": date(2023, 11, 30),
    "share_2024_11": date(2024, 11, 30),
    "share_2025_08": date(2025, 8, 31),
    "share_2026_10": date(2026, 10, 31),
}
"""Columns of the developers' file: percent of the downloads of models under a year old, between them a
straight line.
"""

DERIVED_DATES = {"derived_2024_01": date(2024, 1, 15), "derived_2026_02": date(2026, 2, 14)}
"""Percent of new derivatives that descend from a developer; between them the log of each part runs straight.
"""

FLOOR = datetime(2022, 3, 2, 23, 29, 4)
"""The Hub dates every older repository to this moment."""

FIRST_MONTH = date(2022, 11, 30)
COHORT_DAYS = 365
NEW_DOWNLOADS = 9e8
"""Downloads of the models under a year old on 2025-08-31; :data:`YEARLY_GROWTH` carries them to other dates.
"""
YEARLY_GROWTH = 1.6
FIT_STEPS = 5
"""More would follow the planted path closer and make single months rougher."""
LAB_PART = 0.45
"""The largest part of all models that developers' own releases may take; small demos release less to keep to
it.
"""
MOST_REPOSITORIES = 8
SURGE = 50
"""How many times its usual downloads the model with the surge has in that month."""
SPREAD = 2.0
"""Standard deviation of the log of a model's weight: the top 200 of 6,000 models hold about half of the
downloads.
"""

FLOOR_AUTHORS = {
    "google": ("bert", "fill-mask", "transformers"),
    "microsoft": ("resnet", "image-classification", "transformers"),
    "Salesforce": ("blip", "image-to-text", "transformers"),
    "sim-user-0001": ("minilm", "sentence-similarity", "sentence-transformers"),
    "sim-user-0002": ("wav2vec", "automatic-speech-recognition", "transformers"),
}
"""Publishers of models older than the Hub's records: name stem, task, library."""

TASKS = {
    "text": {"text-generation": 1.0},
    "broad": {
        "text-generation": 0.65,
        "image-text-to-text": 0.2,
        "feature-extraction": 0.08,
        "text-to-image": 0.07,
    },
    "image": {"text-to-image": 0.75, "image-to-image": 0.15, "text-to-video": 0.1},
    "video": {"text-generation": 0.4, "text-to-video": 0.4, "text-to-image": 0.1, "image-to-video": 0.1},
    "audio": {"automatic-speech-recognition": 0.4, "text-to-speech": 0.3, "text-generation": 0.3},
    "embedding": {"feature-extraction": 0.6, "sentence-similarity": 0.25, "text-ranking": 0.15},
    "community": {
        "text-generation": 0.3,
        "text-classification": 0.15,
        "token-classification": 0.08,
        "feature-extraction": 0.1,
        "image-classification": 0.1,
        "text-to-image": 0.1,
        "text-to-video": 0.03,
        "automatic-speech-recognition": 0.07,
        "reinforcement-learning": 0.07,
    },
}
LIBRARIES = {
    "text-to-image": "diffusers",
    "image-to-image": "diffusers",
    "text-to-video": "diffusers",
    "image-to-video": "diffusers",
    "feature-extraction": "sentence-transformers",
    "sentence-similarity": "sentence-transformers",
    "text-ranking": "sentence-transformers",
    "reinforcement-learning": "stable-baselines3",
}
SIZES = {
    "0.5b": 0.5,
    "1.7b": 1.7,
    "4b": 4.0,
    "8b": 8.0,
    "14b": 14.0,
    "32b": 32.0,
    "72b": 72.0,
    "30b-a3b": 30.5,
    "235b-a22b": 235.0,
    "110m": 0.11,
}
"""Size labels, smallest first and mixtures of experts last but the old models' own; billions of parameters.
"""
OLD_SIZE = len(SIZES) - 1

RELATIONS = ("finetune", "adapter", "quantized", "merge")
USER_RELATIONS = (0.38, 0.34, 0.2, 0.08)
COMMUNITY_LICENSES = ("apache-2.0", "mit", "cc-by-nc-4.0", "openrail")
DEPTHS = (0.8, 0.14, 0.045, 0.015)
"""Part of the derivatives that stand one, two, three and four steps from their root."""


@dataclass(frozen=True)
class Demo:
    """What to simulate.

    ``models`` (at least 500) is the number of models ever created, ``months`` (at least 6) the number of
    month ends up to and with ``last``; the first of them cannot lie before 2022-11-30.
    """

    seed: int = 20251126
    models: int = 6000
    months: int = 36
    last: date = date(2026, 10, 31)

    def __post_init__(self) -> None:
        if self.models < 500 or self.months < 6:
            raise ReportError(
                f"demo: {self.models} models over {self.months} months are too few to simulate a Hub; "
                "give at least 500 models and 6 months."
            )
        if self.last != _month_end(self.last.year, self.last.month):
            raise ReportError(f"demo: {self.last} is not the last day of a month; give the last day as the end.")
        if self.dates[0] < FIRST_MONTH:
            raise ReportError(
                f"demo: the first snapshot would be {self.dates[0]}, before {FIRST_MONTH}; give fewer months."
            )

    @property
    def dates(self) -> list[date]:
        """The snapshots' dates, in order."""
        return _month_ends(self.last, self.months)


@dataclass(frozen=True)
class Truth:
    """What the simulated snapshots hold, counted exactly; dates are :class:`datetime.date`.

    ``cohort_share``: as_of, lens (publisher | origin), country, downloads, share: all-time downloads of the
    models in the snapshot that were created after ``as_of`` - 365 days.

    ``first_year_share``: as_of, window_months (1 | 12), lens, country, downloads, share: downloads made in
    the window while their model was at most 365 days old, whether or not a snapshot still holds it. Models
    older than the Hub's records are left out.

    ``overtake_month``: the first snapshot from which, to the end, China's cohort share (publisher lens)
    exceeds the United States'; None if there is none.

    ``derivative_share``: as_of, namespace (of the root), derivatives, share: models with a base model created
    in the month that ends on ``as_of``.

    ``release_days``: namespace, country, cadence_days (planted), day, repositories; developers' release
    events.

    ``roots``: model_id, root_id, kind, for every id that ever was; ``root`` (its own), ``derived``, ``merge``
    (two parents of one developer's family, the root is the first one's), ``missing`` (the root is an id that
    exists nowhere), ``cycle`` (no root: null).

    ``faults``: fault (counter fell | vanished | renamed | surge), model_id, as_of (the first snapshot that
    shows it), other_id (a renamed model's new id), amount (downloads removed or added).

    ``developers``: namespace, country, role: every namespace that is not unattributed.
    """

    cohort_share: pd.DataFrame
    first_year_share: pd.DataFrame
    overtake_month: date | None
    derivative_share: pd.DataFrame
    release_days: pd.DataFrame
    roots: pd.DataFrame
    faults: pd.DataFrame
    developers: pd.DataFrame


@dataclass(frozen=True)
class Developer:
    """A row of the developers' file; shares and percentages are fractions."""

    namespace: str
    country: str
    role: str
    stem: str
    focus: str
    license: str
    gated: float
    discloses: float
    first: int
    last: int
    cadence_days: float
    repositories: float
    uploads: float
    derived: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class _Models:
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


@dataclass(frozen=True)
class _Faults:
    """The planted faults: positions of models (-1 where a small demo has none to spare) and their days."""

    surge: int
    surge_from: int
    surge_to: int
    fallen: int
    fall_day: int
    removed: int
    renamed: int
    new_id: str
    renamed_on: int
    vanished: dict[int, int]


@dataclass(frozen=True)
class _World:
    models: _Models
    scale: Floats
    half: Floats
    tail: Floats
    faults: _Faults
    cadence_stretch: float
    rows: pa.Table
    row_model: Ints
    row_from: Ints
    row_until: Ints


def snapshots(demo: Demo) -> Iterator[Snapshot]:
    """Yield the demo's snapshots in order of their dates, each with the models that exist on that day.

    Example:
        >>> first = next(snapshots(Demo(models=500)))
        >>> first.as_of, first.provenance.simulated
        (datetime.date(2023, 11, 30), True)
    """
    world = _world(demo)
    for as_of in demo.dates:
        models = _table(world, _number(as_of))
        yield Snapshot(
            as_of=as_of,
            models=models,
            provenance=Provenance(
                kind="demo",
                detail=f"A simulated Hub with a known truth (seed {demo.seed}, {demo.models} models in all): "
                "no figure in it was measured.",
                retrieved_at=datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC),
                simulated=True,
                coverage={"seed": demo.seed, "hub_total_models": models.num_rows},
            ),
        )


def truth(demo: Demo) -> Truth:
    """Count what the snapshots of ``demo`` hold, from the simulation itself."""
    world = _world(demo)
    cohort = _cohort_share(demo, world)
    return Truth(
        cohort_share=cohort,
        first_year_share=_first_year_share(demo, world),
        overtake_month=_overtake(cohort),
        derivative_share=_derivative_share(demo, world),
        release_days=_release_days(world),
        roots=_roots(world),
        faults=_fault_table(world),
        developers=pd.DataFrame(
            [(d.namespace, d.country, d.role) for d in developers()], columns=["namespace", "country", "role"]
        ),
    )


@lru_cache(maxsize=1)
def developers() -> tuple[Developer, ...]:
    """The simulated developers and intermediaries, in the order of their file."""
    with DEVELOPERS_FILE.open(newline="", encoding="utf-8") as file:
        return tuple(_developer(row) for row in csv.DictReader(file))


def _developer(row: dict[str, str]) -> Developer:
    number = {name: float(value) if value else 0.0 for name, value in row.items() if name not in _TEXT_COLUMNS}
    return Developer(
        namespace=row["namespace"],
        country=row["country"],
        role=row["role"],
        stem=row["stem"],
        focus=row["focus"],
        license=row["license"],
        gated=number["gated"] / 100,
        discloses=number["discloses"] / 100,
        first=_number(date.fromisoformat(row["first"])),
        last=_number(date.fromisoformat(row["last"] or "9999-12-31")),
        cadence_days=number["cadence_days"],
        repositories=number["repositories"],
        uploads=number["uploads"] / 100,
        derived=tuple(number[name] / 100 for name in DERIVED_DATES),
        shares=tuple(number[name] / 100 for name in SHARE_DATES),
    )


_TEXT_COLUMNS = frozenset({"namespace", "country", "role", "stem", "focus", "license", "first", "last"})


# Days: everything below counts days from 1970-01-01.


def _number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(number))


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _month_ends(last: date, months: int) -> list[date]:
    """The last days of the ``months`` months up to and with the month of ``last``."""
    final = last.year * 12 + last.month - 1
    return [_month_end(month // 12, month % 12 + 1) for month in range(final - months + 1, final + 1)]


FLOOR_DAY = _number(FLOOR.date())


# Building the world


@lru_cache(maxsize=2)
def _world(demo: Demo) -> _World:
    random = np.random.Generator(np.random.PCG64(demo.seed))
    models, stretch = _models(demo, random)
    count = len(models.created)
    half = random.integers(20, 121, count).astype(np.float64)
    tail = random.integers(20, 201, count) / 1000
    # What outlived the Hub's records is in steady use: mostly its tail counts.
    tail[models.created == FLOOR_DAY] = 3.0
    scale = _scales(demo, random, models, half, tail)
    faults = _faults(demo, random, models, scale, half, tail)
    rows, row_model = _rows(random, models, faults)
    row_from = models.created[row_model] + 1
    row_until = np.full(len(row_model), np.iinfo(np.int64).max)
    for model, day in faults.vanished.items():
        row_until[row_model == model] = day
    if faults.renamed >= 0:
        names = np.array(rows["model_id"].to_pylist(), dtype=object)
        row_from[names == faults.new_id] = faults.renamed_on
        row_until[names == models.ids[faults.renamed]] = faults.renamed_on
    return _World(
        models=models,
        scale=scale,
        half=half,
        tail=tail,
        faults=faults,
        cadence_stretch=stretch,
        rows=rows,
        row_model=row_model,
        row_from=row_from,
        row_until=row_until,
    )


def _releases(demo: Demo, random: np.random.Generator) -> tuple[Ints, Ints, Ints, float]:
    """Draw the developers' releases.

    Returns:
        For each repository its developer, its day and its place in the release (from 0), and the factor by
        which the planted cadences were stretched.
    """
    end = _number(demo.last)
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


def _models(demo: Demo, random: np.random.Generator) -> tuple[_Models, float]:
    """Draw every model but its downloads: first the old ones, then releases, then what the community made."""
    nobody = len(developers())
    end = _number(demo.last)
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
    developer[is_other & derived] = _uploaders(random, created[is_other & derived])

    relation = np.full(count, -1)
    relation[derived] = random.choice(len(RELATIONS), derived.sum(), p=USER_RELATIONS)
    relation[borrowed] = RELATIONS.index("finetune")
    relation[is_other & derived & (developer < nobody)] = RELATIONS.index("quantized")
    parent, second, depth = _parents(random, created, developer, derived, is_other, relation)

    leaves = np.setdiff1d(np.flatnonzero(is_other & derived & (developer == nobody)), np.r_[parent, second])
    odd = random.permutation(leaves)[:11]
    parent[odd] = second[odd] = -1
    relation[odd] = RELATIONS.index("finetune")
    root = np.arange(count)
    for _ in DEPTHS:
        root = np.where(parent[root] >= 0, parent[root], root)

    size = _sizes(random, created, is_lab, places_in_release, old=created == FLOOR_DAY)
    tasks, licenses = _tasks_and_licenses(random, created, developer, is_lab, old_author)
    for step in range(1, len(DEPTHS) + 1):
        for model in np.flatnonzero((depth == step) & (parent >= 0)):
            size[model], tasks[model] = size[parent[model]], tasks[parent[model]]
            # Those who build on a model keep its licence, or name none.
            if not is_lab[model]:
                licenses[model] = licenses[parent[model]] if licenses[model] is not None else None
    bare = random.random(count)
    ids = _ids(random, created, developer, is_lab, places_in_release, size, relation, root, old_author)
    bases = {int(model): f"sim-user-9999/simulated-deleted-{n:02d}" for n, model in enumerate(odd[7:])}
    for ring in (odd[0:2], odd[2:4], odd[4:7]):
        bases.update({int(model): ids[other] for model, other in zip(ring, np.roll(ring, 1), strict=True)})
    models = _Models(
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
        libraries=_libraries(tasks, relation, ids, bare),
        bases=bases,
        cycles=frozenset(int(model) for model in odd[:7]),
    )
    return models, stretch


def _uploaders(random: np.random.Generator, created: Ints) -> Ints:
    """Who uploads each derivative: an intermediary that is active on the day, else nobody in particular."""
    chance = random.random(len(created))
    uploader = np.full(len(created), len(developers()))
    low = np.zeros(len(created))
    for place, maker in enumerate(developers()):
        high = low + np.where((created >= maker.first) & (created <= maker.last), maker.uploads, 0.0)
        uploader[(chance >= low) & (chance < high)] = place
        low = high
    return uploader


def _derived_weights(created: Ints) -> Floats:
    """Each developer's part of the derivatives made on each day, one row a day; rows sum to 1."""
    before, after = (
        np.array([max(lab.derived[place], 1e-9) for lab in developers()]) for place in range(len(DERIVED_DATES))
    )
    first, last = (_number(day) for day in DERIVED_DATES.values())
    progress = np.clip((created - first) / (last - first), 0, 1)[:, None]
    weights: Floats = np.exp((1 - progress) * np.log(before) + progress * np.log(after))
    weights *= np.array([any(lab.derived) for lab in developers()])
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _parents(
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


def _sizes(random: np.random.Generator, created: Ints, is_lab: Bools, position: Ints, old: Bools) -> Ints:
    """Positions in :data:`SIZES`; the largest come in reach year by year, a release steps through them."""
    reach = np.where(created < _number(date(2023, 7, 1)), 5, np.where(created < _number(date(2025, 3, 1)), 7, 9))
    draw = np.floor(random.random(len(created)) ** 1.5 * reach).astype(np.int64)
    first = np.arange(len(created)) - position
    start = np.where(is_lab, draw[first], draw)
    return np.where(old, OLD_SIZE, np.where(is_lab, (start + position // 2) % reach, start))


def _tasks_and_licenses(
    random: np.random.Generator, created: Ints, developer: Ints, is_lab: Bools, old_author: Ints
) -> tuple[list[str | None], list[str | None]]:
    """Task and licence of every model as if it were a root; repositories of a release share their task."""
    everybody = developers()
    old_tasks = [task for _, task, _ in FLOOR_AUTHORS.values()]
    draw, other_draw = random.random(len(created)), random.random(len(created))
    heights = {focus: (list(mix), np.cumsum(list(mix.values()))) for focus, mix in TASKS.items()}
    tasks: list[str | None] = []
    licenses: list[str | None] = []
    release = (-1, -1)
    for model, (maker, day, lab) in enumerate(zip(developer.tolist(), created.tolist(), is_lab.tolist(), strict=True)):
        if model < len(old_author):
            tasks.append(old_tasks[old_author[model]])
        elif lab and (maker, day) == release:
            tasks.append(tasks[-1])
        else:
            names, height = heights[everybody[maker].focus if lab else "community"]
            tasks.append(names[min(int(np.searchsorted(height, draw[model])), len(names) - 1)])
        release = (maker, day)
        if lab:
            licenses.append(everybody[maker].license)
        else:
            choice = int(other_draw[model] * 1.5 * len(COMMUNITY_LICENSES))
            licenses.append(COMMUNITY_LICENSES[choice] if choice < len(COMMUNITY_LICENSES) else None)
    return tasks, licenses


def _ids(
    random: np.random.Generator,
    created: Ints,
    developer: Ints,
    is_lab: Bools,
    position: Ints,
    size: Ints,
    relation: Ints,
    root: Ints,
    old_author: Ints,
) -> list[str]:
    everybody = developers()
    sizes = list(SIZES)
    users = max(20, len(created) // 5)
    # Squared, so that a few users upload much and most upload little.
    user = 1 + np.floor(random.random(len(created)) ** 2 * users).astype(np.int64)
    gguf = random.random(len(created)) < 0.7
    old_names = [(author, stem) for author, (stem, _, _) in FLOOR_AUTHORS.items()]
    stems: list[str] = []
    ids: list[str] = []
    event, event_of, month_of = -1, (-1, -1), (-1, "")
    for model in range(len(created)):
        maker, label, kind = int(developer[model]), sizes[size[model]], int(relation[model])
        if model < len(old_author):
            namespace, stem = old_names[old_author[model]]
            name = f"{stem}-{label}-{model:04d}"
        elif is_lab[model]:
            namespace, stem = everybody[maker].namespace, everybody[maker].stem
            month = f"{_date(created[model]):%Y-%m}"
            if (maker, month) != month_of:
                event = -1
            if (maker, int(created[model])) != event_of:
                event += 1
            event_of, month_of = (maker, int(created[model])), (maker, month)
            variant = "distill" if kind >= 0 else ("base", "instruct")[position[model] % 2]
            name = f"{stem}-{month}-{'abcdefghijklmnopqrstuvwxyz'[event]}-{label}-{variant}"
            if kind >= 0:
                name += f"-{position[model]}"
        else:
            namespace = everybody[maker].namespace if maker < len(everybody) else f"sim-user-{user[model]:04d}"
            stem = stems[root[model]] if root[model] != model else "original"
            suffix = (("gguf" if gguf[model] else "awq") if kind == 2 else RELATIONS[kind]) if kind >= 0 else "new"
            if namespace == "mlx-community":
                suffix = "mlx-4bit"
            name = f"{stem}-{label}-{suffix}-{model:06d}"
        stems.append(stem)
        ids.append(f"{namespace}/simulated-{name}")
    return ids


def _libraries(tasks: Sequence[str | None], relation: Ints, ids: Sequence[str], chance: Floats) -> list[str | None]:
    found: list[str | None] = []
    for task, kind, name, draw in zip(tasks, relation.tolist(), ids, chance.tolist(), strict=True):
        if draw > 0.95:
            found.append(None)
        elif kind == RELATIONS.index("adapter"):
            found.append("peft")
        elif "-gguf-" in name or "-mlx-" in name:
            found.append("gguf" if "-gguf-" in name else "mlx")
        else:
            found.append(LIBRARIES.get(task or "", "transformers"))
    return found


# Downloads


def _interest(age: Ints, half: Floats, tail: Floats) -> Floats:
    """Downloads since creation for a scale of 1: steep at first, then a steady rest."""
    # Only the four basic operations, so that every machine comes to the same bits.
    known = np.maximum(age, 0)
    result: Floats = known / (known + half) + tail * known / 365
    return result


def _countries() -> list[str]:
    return [*dict.fromkeys(lab.country for lab in developers()), UNATTRIBUTED]


def _country_of(developer: Ints) -> Ints:
    """Positions in :func:`_countries`."""
    places = {name: place for place, name in enumerate(_countries())}
    table = np.array([*(places[lab.country] for lab in developers()), places[UNATTRIBUTED]])
    return table[developer]


def _planted_shares(days: Ints) -> Floats:
    """Each developer's planted share of new downloads, and last everybody else's; one row a day."""
    anchors = [_number(day) for day in SHARE_DATES.values()]
    shares = np.stack([np.interp(days, anchors, lab.shares) for lab in developers()], axis=1)
    return np.column_stack([shares, 1 - shares.sum(axis=1)])


def _scales(demo: Demo, random: np.random.Generator, models: _Models, half: Floats, tail: Floats) -> Floats:
    """Fit every model's scale to the planted share path of its country, as whole numbers."""
    old = models.created == FLOOR_DAY
    size = np.array(list(SIZES.values()))[models.size]
    weight = np.exp(SPREAD * random.standard_normal(len(old))) * size**-0.3
    # Within a country the developers keep about their own shares, however many models each has.
    season = (models.created - FLOOR_DAY) // 182
    cell = models.developer * (season.max() + 1) + season
    crowd = np.bincount(cell)[cell]
    weight *= np.maximum(_planted_shares(models.created)[np.arange(len(old)), models.developer], 2e-4) / crowd

    dates = _month_ends(demo.last, _months_between(FIRST_MONTH, demo.last))
    days = np.array([_number(day) for day in dates])
    total = NEW_DOWNLOADS * YEARLY_GROWTH ** ((days - _number(date(2025, 8, 31))) / 365)
    country = _country_of(models.developer)
    planted = np.zeros((len(days), len(_countries())))
    np.add.at(planted.T, _country_of(np.arange(len(developers()) + 1)), _planted_shares(days).T)
    target = np.maximum(planted, 1e-5) * total[:, None]

    born = np.searchsorted(days, models.created)
    group = country * len(days) + born
    shape = (len(_countries()), len(days))

    def by_month(amount: Floats) -> Floats:
        sums: Floats = np.bincount(group, np.where(old, 0.0, amount), shape[0] * shape[1]).astype(np.float64)
        return sums.reshape(shape)

    held = np.stack(
        [
            by_month(weight * _interest(day - models.created, half, tail) * _in_cohort(models.created, day))
            for day in days
        ]
    )
    factor = _fit(held, by_month(weight * _interest(np.full(len(old), 182), half, tail)), target)
    scale = weight * factor[country, born]
    # The old models' use, in all, is about as large as a year's new downloads were when the snapshots began.
    scale[old] = weight[old] / weight[old].sum() * NEW_DOWNLOADS / 20
    return np.rint(scale)


def _fit(held: Floats, at_six: Floats, target: Floats) -> Floats:
    """Find a factor for each country and month of creation (Richardson's and Lucy's iteration).

    Args:
        held: downloads by snapshot, country and month of creation before scaling.
        at_six: downloads by country and month of creation at an age of six months, before scaling.
        target: wanted downloads by snapshot and country.

    Returns:
        Positive factors by country and month, with which ``held`` sums nearly to ``target``.
    """
    weight = held.sum(axis=0)
    months = np.arange(len(target))
    later = np.minimum(months + 6, months[-1])
    # Every month of creation starts with about the same part of its cohort, or single months would take all.
    wanted = (target[later] * YEARLY_GROWTH ** ((months + 6 - later) / 12)[:, None]).T / 12
    factor = np.divide(wanted, at_six, out=np.ones_like(wanted), where=at_six > 0)
    for _ in range(FIT_STEPS):
        reached = (held * factor).sum(axis=2)
        ratio = np.divide(target, reached, out=np.zeros_like(target), where=reached > 0)
        update = (held * ratio[:, :, None]).sum(axis=0)
        factor *= np.divide(update, weight, out=np.ones_like(update), where=weight > 0)
    fitted: Floats = factor
    return fitted


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _in_cohort(created: Ints, day: int) -> Bools:
    result: Bools = (created > day - COHORT_DAYS) & (created < day)
    return result


def _gross(world: _World, day: int | Ints) -> Floats:
    """All downloads of every model up to a day (one for all, or one each), none removed."""
    models, faults = world.models, world.faults
    count: Floats = np.floor(world.scale * _interest(day - models.created, world.half, world.tail))
    own_day = int(np.broadcast_to(day, count.shape)[faults.surge])
    count[faults.surge] += _surged(world, own_day)
    return count


def _surged(world: _World, day: int) -> int:
    """What the surge has added by a day to the model that has it."""
    faults, one = world.faults, [world.faults.surge]
    edges = np.array([faults.surge_from, min(max(day, faults.surge_from), faults.surge_to)])
    interest = _interest(edges - world.models.created[one], world.half[one], world.tail[one])
    before, by_then = np.floor(world.scale[one] * interest)
    return (SURGE - 1) * int(by_then - before)


def _counter(world: _World, day: int | Ints) -> Ints:
    """The all-time counter of every model on a day (one for all, or one each)."""
    count = _gross(world, day).astype(np.int64)
    if world.faults.fallen >= 0:
        model = world.faults.fallen
        own_day = int(np.broadcast_to(day, count.shape)[model])
        count[model] -= world.faults.removed if own_day >= world.faults.fall_day else 0
    return count


def _faults(
    demo: Demo, random: np.random.Generator, models: _Models, scale: Floats, half: Floats, tail: Floats
) -> _Faults:
    """Choose the models with faults among those that nothing is built on."""
    days = [_number(day) for day in demo.dates]
    surge_at, fall_at, rename_at = demo.months * 3 // 4, demo.months * 2 // 3, demo.months // 2
    vanish_at = (demo.months // 3, demo.months // 2, demo.months * 5 // 6)
    nobody = len(developers())
    leaf = np.ones(len(models.created), bool)
    leaf[np.r_[models.parent[models.parent >= 0], models.second[models.second >= 0], list(models.bases)]] = False
    shuffled = random.permutation(np.flatnonzero(leaf))
    old = np.flatnonzero(models.created == FLOOR_DAY)
    surge = int(old[np.argsort(scale[old], kind="stable")[len(old) // 2]])
    taken = {surge}

    def pick(wanted: Bools) -> int:
        found = [int(model) for model in shuffled[wanted[shuffled]] if int(model) not in taken][:1]
        taken.update(found)
        return found[0] if found else -1

    loose = models.developer == nobody
    old_enough = models.created > FLOOR_DAY
    fall_day = days[fall_at] - 10
    # Old enough to leave the shares of new models as they are.
    fallen = pick(loose & old_enough & (models.created < days[fall_at] - 500) & (scale > 1000))
    renamed = pick(~loose & old_enough & (models.relation < 0) & (models.created < days[rename_at] - 30))
    vanished = {
        pick(loose & (models.created < days[at] - 60) & (models.created > days[at] - 900)): days[at] for at in vanish_at
    }
    vanished.pop(-1, None)
    removed = 0
    if fallen >= 0:
        before = _interest(days[fall_at - 1] - models.created[[fallen]], half[[fallen]], tail[[fallen]])
        removed = int(0.6 * np.floor(scale[fallen] * before[0]))
    return _Faults(
        surge=surge,
        surge_from=days[surge_at - 1],
        surge_to=days[surge_at],
        fallen=fallen,
        fall_day=fall_day,
        removed=removed,
        renamed=renamed,
        new_id=f"{models.ids[renamed]}-renamed" if renamed >= 0 else "",
        renamed_on=days[rename_at],
        vanished=vanished,
    )


# Tables


def _rows(random: np.random.Generator, models: _Models, faults: _Faults) -> tuple[pa.Table, Ints]:
    """Build what does not change with time, one row an id that ever was, sorted by it.

    Returns:
        The table, with ``modified_later`` (last change, if it has come by then) and ``like_rate`` beside the
        snapshot's columns; and each row's position among the models.
    """
    everybody = developers()
    nobody = len(everybody)
    count = len(models.created)
    sizes = np.array(list(SIZES.values()))[models.size]
    parameters = np.rint(sizes * (1 + random.random(count) / 20) * 1e6).astype(np.int64) * 1000
    chance = random.random((5, count))
    created = models.created * 86400 + models.second_of_day
    later = created + np.rint(random.random(count) ** 2 * 200 * 86400).astype(np.int64)
    columns: dict[str, list[Any]] = {name: [] for name in _FIXED_COLUMNS}
    for model, name in enumerate(models.ids):
        maker, kind = int(models.developer[model]), int(models.relation[model])
        lab = everybody[maker] if maker < nobody and kind != 2 and models.created[model] > FLOOR_DAY else None
        bases = [models.ids[base] for base in (models.parent[model], models.second[model]) if base >= 0]
        if model in models.bases:
            bases = [models.bases[model]]
        gguf = "-gguf-" in name
        own = int(parameters[model]) // (100 if kind == RELATIONS.index("adapter") else 1)
        known = None if gguf or chance[0, model] < 0.12 else own
        disclosure = lab.discloses if lab else (0.05 if kind == 2 else 0.45)
        facts: dict[str, Any] = {
            "model_id": name,
            "author": name.split("/")[0],
            "pipeline_tag": models.tasks[model],
            "library_name": models.libraries[model],
            "license": models.licenses[model],
            "gated": _gate(chance[1, model], lab.gated if lab else 0.02),
            "base_models": bases or None,
            "base_relation": RELATIONS[kind] if bases else None,
            "parameters": known,
            "parameters_by_dtype": _by_dtype(known, "-awq-" in name, bool(models.created[model] == FLOOR_DAY)),
            "gguf_architecture": name.split("/simulated-")[1].split("-")[0] if gguf else None,
            "gguf_parameters": own if gguf else None,
        }
        facts["tags"] = _tags(facts, chance[2, model] < disclosure)
        for column, value in facts.items():
            columns[column].append(value)
    order = np.array(sorted(range(count), key=models.ids.__getitem__))
    table = pa.table({column: pa.array(values, SCHEMA.field(column).type) for column, values in columns.items()})
    table = table.append_column("created_at", pa.array(created).cast(pa.timestamp("s")))
    table = table.append_column("modified_later", pa.array(later).cast(pa.timestamp("s")))
    rate = np.where(models.developer < nobody, 0.3, 0.08) * (0.5 + chance[3])
    table = table.append_column("like_rate", pa.array(np.rint(rate * 1000) / 1000))
    table = table.take(pa.array(order))
    if faults.renamed < 0:
        return table, order
    old_id, ids = models.ids[faults.renamed], table["model_id"].to_pylist()
    again = table.slice(ids.index(old_id), 1)
    again = again.set_column(again.schema.get_field_index("model_id"), "model_id", pa.array([faults.new_id]))
    both = pa.concat_tables([table, again])
    position = np.r_[order, faults.renamed]
    places = np.array(sorted(range(len(position)), key=both["model_id"].to_pylist().__getitem__))
    return both.take(pa.array(places)).combine_chunks(), position[places]


_COUNTED_COLUMNS = frozenset(
    {"created_at", "last_modified", "downloads_30d", "downloads_all_time", "likes", "trending_score"}
)
_FIXED_COLUMNS = tuple(name for name in SCHEMA.names if name not in _COUNTED_COLUMNS)


def _gate(chance: float, part: float) -> str:
    if chance >= part:
        return "no"
    return "manual" if chance < part * 0.4 else "auto"


def _by_dtype(parameters: int | None, packed: bool, old: bool) -> str | None:
    if parameters is None:
        return None
    if packed:
        return json.dumps({"F16": parameters - parameters * 4 // 5, "I32": parameters * 4 // 5})
    return json.dumps({"F32" if old else "BF16": parameters})


def _tags(facts: dict[str, Any], disclosed: bool) -> list[str]:
    """The tags that the Hub would derive from the other columns, in its manner."""
    bases = facts["base_models"] or []
    tags = [facts["library_name"], facts["pipeline_tag"]]
    tags += ["gguf"] if facts["gguf_parameters"] is not None and facts["library_name"] != "gguf" else []
    tags += ["dataset:sim-data/simulated-corpus"] if disclosed else []
    tags += [f"base_model:{base}" for base in bases]
    tags += [f"base_model:{facts['base_relation']}:{base}" for base in bases]
    tags += [f"license:{facts['license']}" if facts["license"] else None, "region:us"]
    return [tag for tag in tags if tag]


def _visible(world: _World, day: int) -> Bools:
    result: Bools = (world.row_from <= day) & (day < world.row_until)
    return result


def _table(world: _World, day: int) -> pa.Table:
    """The snapshot of a day."""
    places = np.flatnonzero(_visible(world, day))
    rows = world.rows.take(pa.array(places))
    model = world.row_model[places]
    now = pa.scalar(day * 86400, pa.int64()).cast(pa.timestamp("s"))
    modified = pc.if_else(pc.less_equal(rows["modified_later"], now), rows["modified_later"], rows["created_at"])
    rate = rows["like_rate"].to_numpy()
    gross, month_ago, week_ago = (_gross(world, day - back)[model] for back in (0, 30, 7))
    likes = np.floor(rate * np.sqrt(gross)).astype(np.int64)
    trending = likes - np.floor(rate * np.sqrt(week_ago))
    counted = {
        "last_modified": modified,
        # Growth before anything was removed: a month's count never shows a removal as negative downloads.
        "downloads_30d": pa.array((gross - month_ago).astype(np.int64)),
        "downloads_all_time": pa.array(_counter(world, day)[model]),
        "likes": pa.array(likes),
        "trending_score": pa.array(trending),
    }
    columns = [counted.get(name, rows[name] if name in rows.column_names else None) for name in SCHEMA.names]
    return pa.table(columns, schema=SCHEMA)


# Truth


def _origin(world: _World) -> Ints:
    return _country_of(world.models.developer[world.models.root])


def _shares(as_of: date, lens: str, country: Ints, downloads: Ints) -> pd.DataFrame:
    """as_of, lens, country, downloads, share for the countries that have a model; largest first."""
    sums = np.zeros(len(_countries()), np.int64)
    np.add.at(sums, country, downloads)
    frame = pd.DataFrame({"as_of": as_of, "lens": lens, "country": _countries(), "downloads": sums})
    frame = frame[np.bincount(country, minlength=len(sums)) > 0]
    frame = frame.assign(share=frame["downloads"] / max(int(sums.sum()), 1))
    return frame.sort_values(["downloads", "country"], ascending=[False, True], kind="stable")


def _lenses(world: _World) -> dict[str, Ints]:
    return {"publisher": _country_of(world.models.developer), "origin": _origin(world)}


def _cohort_share(demo: Demo, world: _World) -> pd.DataFrame:
    frames = []
    for as_of in demo.dates:
        day = _number(as_of)
        seen = world.row_model[_visible(world, day)]
        new = seen[_in_cohort(world.models.created[seen], day)]
        downloads = _counter(world, day)[new]
        frames += [_shares(as_of, lens, country[new], downloads) for lens, country in _lenses(world).items()]
    return pd.concat(frames, ignore_index=True)


def _first_year_share(demo: Demo, world: _World) -> pd.DataFrame:
    created = world.models.created
    young = np.flatnonzero(created > FLOOR_DAY)
    gone = np.full(len(created), np.iinfo(np.int64).max)
    for model, vanished_on in world.faults.vanished.items():
        # The last snapshot that holds it is the end of the month before.
        gone[model] = _number(_date(vanished_on).replace(day=1)) - 1
    ends = [_number(day) for day in _month_ends(demo.last, demo.months + 12)]
    limit = np.minimum(created + COHORT_DAYS, gone)
    counters = [_counter(world, np.minimum(limit, day)) for day in ends]
    frames = []
    for place, as_of in enumerate(demo.dates, start=12):
        for months in (1, 12):
            downloads = (counters[place] - counters[place - months])[young]
            alive = (created[young] < ends[place]) & (limit[young] > ends[place - months])
            frames += [
                _shares(as_of, lens, country[young][alive], downloads[alive]).assign(window_months=months)
                for lens, country in _lenses(world).items()
            ]
    columns = ["as_of", "window_months", "lens", "country", "downloads", "share"]
    return pd.concat(frames, ignore_index=True)[columns]


def _overtake(cohort: pd.DataFrame) -> date | None:
    published = cohort[cohort["lens"] == "publisher"].set_index("as_of")
    dates: list[date] = sorted(set(published.index))
    china, states = (
        published.loc[published["country"] == country, "share"].reindex(dates).fillna(0.0).to_numpy()
        for country in ("CN", "US")
    )
    ahead = china > states
    behind = np.flatnonzero(~ahead)
    first = int(behind[-1]) + 1 if len(behind) else 0
    return dates[first] if first < len(dates) else None


def _derivative_share(demo: Demo, world: _World) -> pd.DataFrame:
    models = world.models
    names = [*(lab.namespace for lab in developers()), UNATTRIBUTED]
    derived = models.relation >= 0
    frames = []
    for as_of in demo.dates:
        first = _number(as_of.replace(day=1))
        new = derived & (models.created >= first) & (models.created <= _number(as_of))
        counts = np.bincount(models.developer[models.root[new]], minlength=len(names))
        frame = pd.DataFrame({"as_of": as_of, "namespace": names, "derivatives": counts})
        frame["share"] = frame["derivatives"] / max(int(counts.sum()), 1)
        frames.append(frame[frame["derivatives"] > 0].sort_values("derivatives", ascending=False, kind="stable"))
    return pd.concat(frames, ignore_index=True)


def _release_days(world: _World) -> pd.DataFrame:
    models = world.models
    labs = {place: lab for place, lab in enumerate(developers()) if lab.cadence_days}
    own = np.isin(models.developer, list(labs)) & (models.created > FLOOR_DAY)
    events, sizes = np.unique(
        np.stack([models.developer[own], models.created[own]], axis=1), axis=0, return_counts=True
    )
    return pd.DataFrame(
        {
            "namespace": [labs[int(place)].namespace for place in events[:, 0]],
            "country": [labs[int(place)].country for place in events[:, 0]],
            "cadence_days": [labs[int(place)].cadence_days * world.cadence_stretch for place in events[:, 0]],
            "day": [_date(day) for day in events[:, 1]],
            "repositories": sizes,
        }
    )


def _roots(world: _World) -> pd.DataFrame:
    models = world.models
    rows: list[tuple[str, str | None, str]] = []
    for name, position in zip(world.rows["model_id"].to_pylist(), world.row_model.tolist(), strict=True):
        if position in models.cycles:
            rows.append((name, None, "cycle"))
        elif position in models.bases:
            rows.append((name, models.bases[position], "missing"))
        elif models.parent[position] < 0:
            rows.append((name, name, "root"))
        else:
            kind = "merge" if models.second[position] >= 0 else "derived"
            rows.append((name, models.ids[models.root[position]], kind))
    return pd.DataFrame(rows, columns=["model_id", "root_id", "kind"])


def _fault_table(world: _World) -> pd.DataFrame:
    faults, ids = world.faults, world.models.ids
    rows: list[tuple[str, str, date, str | None, int]] = []
    if faults.fallen >= 0:
        shown = _date(faults.fall_day)
        as_of = _month_end(shown.year, shown.month)
        rows.append(("counter fell", ids[faults.fallen], as_of, None, faults.removed))
    rows += [("vanished", ids[model], _date(day), None, 0) for model, day in faults.vanished.items()]
    if faults.renamed >= 0:
        rows.append(("renamed", ids[faults.renamed], _date(faults.renamed_on), faults.new_id, 0))
    rows.append(("surge", ids[faults.surge], _date(faults.surge_to), None, _surged(world, faults.surge_to)))
    return pd.DataFrame(rows, columns=["fault", "model_id", "as_of", "other_id", "amount"])
