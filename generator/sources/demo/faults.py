"""What goes wrong on a Hub, planted: a surge, a counter that falls, a renamed model, vanished ones."""

from dataclasses import dataclass

import numpy as np

from generator.sources.demo.arrays import Bools, Floats
from generator.sources.demo.developers import developers
from generator.sources.demo.downloads import unit_downloads
from generator.sources.demo.models import Models
from generator.sources.demo.plan import FLOOR_DAY, Demo, day_number

SURGE = 50
"""How many times its usual downloads the model with the surge has in that month."""


@dataclass(frozen=True)
class Faults:
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


def choose_faults(
    demo: Demo, random: np.random.Generator, models: Models, scale: Floats, half: Floats, tail: Floats
) -> Faults:
    """Choose the models with faults among those that nothing is built on."""
    days = [day_number(day) for day in demo.dates]
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
        before = unit_downloads(days[fall_at - 1] - models.created[[fallen]], half[[fallen]], tail[[fallen]])
        removed = int(0.6 * np.floor(scale[fallen] * before[0]))
    return Faults(
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
