"""The simulated Hub as a whole, and every counter in it on any day."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from generator.sources.demo.arrays import Bools, Floats, Ints
from generator.sources.demo.downloads import fit_scales, unit_downloads
from generator.sources.demo.faults import SURGE, Faults, choose_faults
from generator.sources.demo.models import Models, draw_models
from generator.sources.demo.plan import FLOOR_DAY, Demo
from generator.sources.demo.rows import fixed_rows


@dataclass(frozen=True)
class World:
    """A simulated Hub.

    ``scale``, ``half`` and ``tail`` shape each model's counter; ``row_model`` is each row's position among the
    models, ``row_from`` and ``row_until`` the days between which snapshots show the row.
    """

    models: Models
    scale: Floats
    half: Floats
    tail: Floats
    faults: Faults
    cadence_stretch: float
    rows: pa.Table
    row_model: Ints
    row_from: Ints
    row_until: Ints


@lru_cache(maxsize=2)
def simulate(demo: Demo) -> World:
    """Simulate the whole Hub from one stream of chance: draws in another order make another Hub."""
    random = np.random.Generator(np.random.PCG64(demo.seed))
    models, stretch = draw_models(demo, random)
    count = len(models.created)
    half = random.integers(20, 121, count).astype(np.float64)
    tail = random.integers(20, 201, count) / 1000
    # What outlived the Hub's records is in steady use: mostly its tail counts.
    tail[models.created == FLOOR_DAY] = 3.0
    scale = fit_scales(demo, random, models, half, tail)
    faults = choose_faults(demo, random, models, scale, half, tail)
    rows, row_model = fixed_rows(random, models, faults)
    row_from = models.created[row_model] + 1
    row_until = np.full(len(row_model), np.iinfo(np.int64).max)
    for model, day in faults.vanished.items():
        row_until[row_model == model] = day
    if faults.renamed >= 0:
        names = np.array(rows["model_id"].to_pylist(), dtype=object)
        row_from[names == faults.new_id] = faults.renamed_on
        row_until[names == models.ids[faults.renamed]] = faults.renamed_on
    return World(
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


def visible_rows(world: World, day: int) -> Bools:
    """Which rows a snapshot of a day holds."""
    result: Bools = (world.row_from <= day) & (day < world.row_until)
    return result


def all_time_counters(world: World, day: int | Ints) -> Ints:
    """The all-time counter of every model on a day (one for all, or one each)."""
    count = gross_downloads(world, day).astype(np.int64)
    if world.faults.fallen >= 0:
        model = world.faults.fallen
        own_day = int(np.broadcast_to(day, count.shape)[model])
        count[model] -= world.faults.removed if own_day >= world.faults.fall_day else 0
    return count


def gross_downloads(world: World, day: int | Ints) -> Floats:
    """All downloads of every model up to a day (one for all, or one each), none removed."""
    models, faults = world.models, world.faults
    count: Floats = np.floor(world.scale * unit_downloads(day - models.created, world.half, world.tail))
    own_day = int(np.broadcast_to(day, count.shape)[faults.surge])
    count[faults.surge] += added_by_surge(world, own_day)
    return count


def added_by_surge(world: World, day: int) -> int:
    """What the surge has added by a day to the model that has it."""
    faults, one = world.faults, [world.faults.surge]
    edges = np.array([faults.surge_from, min(max(day, faults.surge_from), faults.surge_to)])
    interest = unit_downloads(edges - world.models.created[one], world.half[one], world.tail[one])
    before, by_then = np.floor(world.scale[one] * interest)
    return (SURGE - 1) * int(by_then - before)
