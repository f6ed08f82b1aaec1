"""Differences with intervals: paired bootstrap, sign-flip test, Holm's correction, Cohen's kappa.

Every random step is seeded, so the same verdicts give the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SEED = 1989
RESAMPLES = 10_000
LEVEL = 0.95
FEWEST_PAIRS = 6
"""Fewer question sets than this carry no interval: five differences of one sign are no evidence at 5 %."""
FEWEST_MODELS = 5
"""Fewer models than this carry no interval: the spread of a handful says little of the spread among all."""


@dataclass(frozen=True)
class Estimate:
    """A mean difference with its 95 % interval and the p-value of there being none.

    ``lower``, ``upper`` and ``p_value`` are NaN where there are too few values to speak of.
    """

    difference: float
    lower: float
    upper: float
    p_value: float
    units: int


def paired(differences: Sequence[float] | Values, fewest: int = FEWEST_PAIRS) -> Estimate:
    """The mean of paired differences: percentile bootstrap over the pairs, sign-flip test of no difference.

    Args:
        differences: one value a pair (a question set: its sensitive less its matched questions), none missing.
        fewest: below this number of pairs there is an estimate but no interval.

    Example:
        >>> estimate = paired([1, 1, 0, 1, 0, 1, 1, 1])
        >>> estimate.difference, estimate.lower > 0
        (0.75, True)
    """
    values = np.asarray(differences, dtype=float)
    count = len(values)
    if count == 0:
        return Estimate(np.nan, np.nan, np.nan, np.nan, 0)
    mean = float(values.mean())
    if count < fewest:
        return Estimate(mean, np.nan, np.nan, np.nan, count)
    lower, upper = _interval(_weights(count) @ values)
    flipped = np.abs(_signs(count) @ values) / count
    # The observed signs are one of the possible ones, so that no p-value is nought.
    p_value = (1 + int((flipped >= abs(mean) - 1e-12).sum())) / (1 + RESAMPLES)
    return Estimate(mean, lower, upper, p_value, count)


def between(first: Sequence[float] | Values, second: Sequence[float] | Values) -> Estimate:
    """The difference of two groups' means, the members of each resampled on their own; permutation test.

    Args:
        first: one value a member (a model), none missing.
        second: the same of the group that it is compared with.

    Returns:
        First less second; ``units`` is the size of both together. No interval where either has fewer than
        :data:`FEWEST_MODELS`.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    count = len(one) + len(other)
    if not len(one) or not len(other):
        return Estimate(np.nan, np.nan, np.nan, np.nan, count)
    difference = float(one.mean() - other.mean())
    if min(len(one), len(other)) < FEWEST_MODELS:
        return Estimate(difference, np.nan, np.nan, np.nan, count)
    weights, other_weights, places = _shuffles(len(one), len(other))
    lower, upper = _interval(weights @ one - other_weights @ other)
    shuffled = np.concatenate([one, other])[places]
    under_none = shuffled[:, : len(one)].mean(axis=1) - shuffled[:, len(one) :].mean(axis=1)
    p_value = (1 + int((np.abs(under_none) >= abs(difference) - 1e-12).sum())) / (1 + RESAMPLES)
    return Estimate(difference, lower, upper, p_value, count)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted by Holm's step-down method; NaN stays NaN and counts for nothing.

    Holm's holds the chance that even one model is named wrongly, whatever the dependence among the models, which
    answer the same questions. Each model named is a statement of its own about somebody, so that is the error to hold.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if not np.isnan(p))
    adjusted = [float("nan")] * len(p_values)
    highest = 0.0
    for step, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - step)))
        adjusted[place] = highest
    return adjusted


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen's kappa of two judges' labels for the same items; NaN where chance alone explains all agreement.

    Example:
        >>> kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"])
        0.5
    """
    if len(one) != len(other):
        raise ValueError("both judges label the same items")
    first, second = np.asarray(one, dtype=str), np.asarray(other, dtype=str)
    if not len(first):
        return float("nan")
    observed = float((first == second).mean())
    expected = sum(float((first == label).mean() * (second == label).mean()) for label in set(first) | set(second))
    # Both judges gave one and the same label to everything: there is nothing that chance could not have done.
    return float("nan") if expected > 1 - 1e-12 else (observed - expected) / (1 - expected)


def _interval(means: Values) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    lower, upper = np.quantile(means, [tail, 1 - tail])
    # Beyond these places lies only the noise of floating-point sums, which could pass for "above zero".
    return round(float(lower), 9) + 0.0, round(float(upper), 9) + 0.0


def _resampled(generator: np.random.Generator, count: int) -> Values:
    """How much each of ``count`` members weighs in each resample; a row sums to 1."""
    return generator.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count


@cache
def _shuffles(count: int, other: int) -> tuple[Values, Values, NDArray[np.int64]]:
    """How much the members of two groups weigh in each resample, and who takes whose place in each permutation."""
    generator = np.random.default_rng(SEED)
    weights, other_weights = _resampled(generator, count), _resampled(generator, other)
    places = generator.permuted(np.tile(np.arange(count + other), (RESAMPLES, 1)), axis=1)
    return weights, other_weights, places


@cache
def _weights(count: int) -> Values:
    return _resampled(np.random.default_rng([SEED, count]), count)


@cache
def _signs(count: int) -> Values:
    return np.random.default_rng([SEED, count, 1]).choice([-1.0, 1.0], size=(RESAMPLES, count))
