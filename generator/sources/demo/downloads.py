"""How a model's downloads grow, and how much of them each model gets."""

from datetime import date

import numpy as np

from generator.sources.demo.arrays import Floats, Ints
from generator.sources.demo.developers import SHARE_DATES, countries, country_of, developers
from generator.sources.demo.models import Models
from generator.sources.demo.plan import FIRST_MONTH, FLOOR_DAY, Demo, day_number, in_cohort, month_ends, months_between
from generator.sources.demo.traits import SIZES

NEW_DOWNLOADS = 9e8
"""Downloads of the models under a year old on 2025-08-31; :data:`YEARLY_GROWTH` carries them to other dates.
"""
YEARLY_GROWTH = 1.6
FIT_STEPS = 5
"""More would follow the planted path closer and make single months rougher."""
SPREAD = 2.0
"""Standard deviation of the log of a model's weight: the top 200 of 6,000 models hold about half of the
downloads.
"""


def unit_downloads(age: Ints, half: Floats, tail: Floats) -> Floats:
    """Downloads since creation for a scale of 1: steep at first, then a steady rest."""
    # Only the four basic operations, so that every machine comes to the same bits.
    known = np.maximum(age, 0)
    result: Floats = known / (known + half) + tail * known / 365
    return result


def fit_scales(demo: Demo, random: np.random.Generator, models: Models, half: Floats, tail: Floats) -> Floats:
    """Fit every model's scale to the planted share path of its country, as whole numbers."""
    old = models.created == FLOOR_DAY
    size = np.array(list(SIZES.values()))[models.size]
    weight = np.exp(SPREAD * random.standard_normal(len(old))) * size**-0.3
    # Within a country the developers keep about their own shares, however many models each has.
    season = (models.created - FLOOR_DAY) // 182
    cell = models.developer * (season.max() + 1) + season
    crowd = np.bincount(cell)[cell]
    weight *= np.maximum(_planted_shares(models.created)[np.arange(len(old)), models.developer], 2e-4) / crowd

    dates = month_ends(demo.last, months_between(FIRST_MONTH, demo.last))
    days = np.array([day_number(day) for day in dates])
    total = NEW_DOWNLOADS * YEARLY_GROWTH ** ((days - day_number(date(2025, 8, 31))) / 365)
    country = country_of(models.developer)
    planted = np.zeros((len(days), len(countries())))
    np.add.at(planted.T, country_of(np.arange(len(developers()) + 1)), _planted_shares(days).T)
    target = np.maximum(planted, 1e-5) * total[:, None]

    born = np.searchsorted(days, models.created)
    group = country * len(days) + born
    shape = (len(countries()), len(days))

    def by_month(amount: Floats) -> Floats:
        sums: Floats = np.bincount(group, np.where(old, 0.0, amount), shape[0] * shape[1]).astype(np.float64)
        return sums.reshape(shape)

    held = np.stack(
        [
            by_month(weight * unit_downloads(day - models.created, half, tail) * in_cohort(models.created, day))
            for day in days
        ]
    )
    factor = _fit(held, by_month(weight * unit_downloads(np.full(len(old), 182), half, tail)), target)
    scale = weight * factor[country, born]
    # The old models' use, in all, is about as large as a year's new downloads were when the snapshots began.
    scale[old] = weight[old] / weight[old].sum() * NEW_DOWNLOADS / 20
    return np.rint(scale)


def _planted_shares(days: Ints) -> Floats:
    """Each developer's planted share of new downloads, and last everybody else's; one row a day."""
    anchors = [day_number(day) for day in SHARE_DATES.values()]
    shares = np.stack([np.interp(days, anchors, lab.shares) for lab in developers()], axis=1)
    return np.column_stack([shares, 1 - shares.sum(axis=1)])


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
