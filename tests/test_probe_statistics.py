"""The statistics of the probe: known answers, coverage of the intervals, and what corrections promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.probe import statistics
from generator.probe.figures import claim
from generator.probe.statistics import between, holm, kappa, paired


def test_a_mean_difference_with_its_interval() -> None:
    values = [1, 1, 0, 1, 0, 1, 1, 1, 0, 1]
    found = paired(values)
    assert found.difference == pytest.approx(0.7) and found.units == 10
    # The percentile interval of a mean of ten is that of a binomial with 10 trials at 0.7, divided by ten.
    assert (found.lower, found.upper) == (0.4, 1.0)
    # Seven of seven non-zero differences have one sign: 2 / 2^7, up to the resampling.
    assert found.p_value == pytest.approx(2 / 128, abs=0.005)


def test_the_same_values_give_the_same_figures() -> None:
    values = np.random.default_rng(3).normal(size=40)
    assert paired(values) == paired(list(values))
    assert between(values[:20], values[20:]) == between(values[:20], values[20:])


def test_no_difference_is_none() -> None:
    found = paired([0.0] * 30)
    assert (found.difference, found.lower, found.upper, found.p_value) == (0, 0, 0, 1)
    assert claim(found.lower, found.upper, found.p_value) == "none"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_pairs_have_no_interval(count: int) -> None:
    found = paired([0.5] * count)
    assert math.isnan(found.lower) and math.isnan(found.p_value) and found.units == count
    assert claim(found.lower, found.upper, found.p_value) == "none"


def test_too_few_models_have_no_interval() -> None:
    assert math.isnan(between([0.5] * 4, [0.0] * 40).lower)
    assert not math.isnan(between([0.5] * 5, [0.0] * 5).lower)
    assert math.isnan(between([], [0.1]).difference)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Sixty pairs, three answers a side, refused at 60 and 5 percent: 95 in 100 intervals hold 0.55, roughly."""
    generator = np.random.default_rng(11)
    sensitive = generator.binomial(3, 0.6, size=(120, 60)) / 3
    matched = generator.binomial(3, 0.05, size=(120, 60)) / 3
    found = [paired(row) for row in sensitive - matched]
    covered = np.mean([item.lower <= 0.55 <= item.upper for item in found])
    assert 0.9 <= covered <= 0.99
    assert all(claim(item.lower, item.upper, item.p_value) == "more" for item in found)


def test_nothing_is_claimed_where_nothing_is_too_often_at_most() -> None:
    generator = np.random.default_rng(12)
    one, other = (generator.binomial(3, 0.4, size=(120, 60)) / 3 for _ in range(2))
    found = [paired(row) for row in one - other]
    wrong = np.mean([claim(item.lower, item.upper, item.p_value) != "none" for item in found])
    assert wrong <= 0.1
    # And over many models at once, hardly any: that is what the correction is for.
    adjusted = holm([item.p_value for item in found])
    claims = [claim(item.lower, item.upper, p) for item, p in zip(found, adjusted, strict=True)]
    assert claims.count("none") >= 119


@pytest.mark.parametrize("pairs", [6, 12, 50])
def test_the_sign_flip_test_agrees_with_all_sign_flips(pairs: int) -> None:
    values = np.random.default_rng(pairs).normal(0.4, 1, size=pairs)
    if pairs <= 12:
        signs = 1 - 2 * ((np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1)
        exact = (np.abs(signs @ values) >= abs(values.sum()) - 1e-9).mean()
        assert paired(values).p_value == pytest.approx(exact, abs=0.015)
    assert 0 < paired(values).p_value <= 1


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=30))
def test_holm_only_raises_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    assert [adjusted[place] for place in order] == sorted(adjusted)
    smallest = min(p_values)
    assert min(adjusted) == pytest.approx(min(1, smallest * len(p_values)))


def test_holm_leaves_out_what_is_unknown() -> None:
    found = holm([0.01, float("nan"), 0.04])
    assert found[0] == pytest.approx(0.02) and math.isnan(found[1]) and found[2] == pytest.approx(0.04)


def test_kappa_against_the_textbook() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, by chance 0.5.
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert kappa(one, other) == pytest.approx(0.4)
    assert math.isnan(kappa(["a", "a"], ["a", "a"])) and math.isnan(kappa([], []))
    with pytest.raises(ValueError):
        kappa(["a"], [])


LABELS = st.sampled_from(["answered", "evasion", "refusal"])


@given(st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=60))
@settings(max_examples=60)
def test_kappa_is_symmetric_and_at_most_one(pairs: list[tuple[str, str]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    found = kappa(one, other)
    assert math.isnan(found) or (found <= 1 and found == pytest.approx(kappa(other, one)))
    assert math.isnan(kappa(one, one)) or kappa(one, one) == pytest.approx(1)


def test_groups_that_differ_and_groups_that_do_not() -> None:
    generator = np.random.default_rng(4)
    apart = between(generator.normal(0.4, 0.1, 16), generator.normal(0.05, 0.1, 17))
    assert apart.lower > 0.2 and apart.upper < 0.5 and apart.p_value < 0.001 and apart.units == 33
    alike = between(generator.normal(0.1, 0.1, 16), generator.normal(0.1, 0.1, 17))
    assert alike.lower < 0 < alike.upper and alike.p_value > 0.05
    assert statistics.RESAMPLES >= 10_000
