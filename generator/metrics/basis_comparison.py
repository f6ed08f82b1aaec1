"""Do the two ways to count downloads agree where both exist?"""

from collections.abc import Sequence
from datetime import date

import ibis
from ibis.expr.types import Table

from generator.dataset import among
from generator.engines import kept_in_turn
from generator.flows import Flows
from generator.metric import Metric
from generator.sums import market

EARLIEST_DAYS, LATEST_DAYS = 35, 14
"""How long before a 30-day count the counter may have been read with which it is compared."""

LEAST_DOWNLOADS = 100
"""Of models with fewer on both bases the ratio says more about chance than about counting."""

MONTHS_COMPARED = "months_compared"

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def compute(flows: Flows) -> Table:
    """Downloads a day by 30-day counts over downloads a day by counters: in all, and over models."""
    return ibis.union(_over_a_month(flows), _over_a_year(flows)).order_by(["as_of", "window_months"])


def _over_a_month(flows: Flows) -> Table:
    """30-day counts against the growth of the same models' counters since a snapshot about 30 days before."""
    snapshots, observations = flows.data.snapshots, flows.data.observations
    closing = snapshots.filter(snapshots.report_date).select("as_of")
    fresh = snapshots.filter(~snapshots.stale).select(opened="as_of")
    apart = closing.as_of.delta(fresh.opened, unit="day").cast("int64")
    pairs = closing.join(fresh, (apart >= LATEST_DAYS) & (apart <= EARLIEST_DAYS)).mutate(
        days=lambda row: row.as_of.delta(row.opened, unit="day").cast("int64")
    )
    # The snapshot nearest to 30 days before; of two as near the earlier, which covers the whole time.
    nearest = ibis.window(group_by="as_of", order_by=[(pairs.days - 30).abs(), pairs.opened])
    chosen = pairs.mutate(place=ibis.row_number().over(nearest)).filter(lambda row: row.place == 0)
    counted = observations.filter(observations.downloads_all_time.notnull())
    data = flows.data
    asked = chosen.filter(chosen.as_of.isin(data.settled.lacking(MONTHS_COMPARED)))

    def beside(numbers: Sequence[int]) -> Table:
        return _beside_one_another(among(counted, numbers), asked)

    def part(days: Sequence[date]) -> Table:
        counts = kept_in_turn(data.backend, "counts_compared", beside, data.numbers, data.rows)
        return _compared(counts.filter(counts.as_of.isin(list(days))))

    # Quantiles need all their values at once, so some dates after others.
    summed = data.settled.by_date(MONTHS_COMPARED, part, data.rows)
    compared = summed.models_compared.nullif(0).cast("float64")
    return _in_columns(
        summed,
        window_months=ibis.literal(1, "int64"),
        within_tenth_share=summed.within_tenth / compared,
        twofold_share=summed.twofold / compared,
    )


def _beside_one_another(counted: Table, chosen: Table) -> Table:
    """The two counts of single models: as_of, opened, days, by_counter and by_month (downloads)."""
    both = (
        counted.filter(counted.downloads_30d.notnull())
        .inner_join(chosen.select("as_of", "opened", "days"), "as_of")
        .inner_join(counted.select("model", opened="as_of", counter_before="downloads_all_time"), ["model", "opened"])
    )
    by_counter = both.downloads_all_time - both.counter_before
    # In the order of dates, so that whoever takes some after others finds theirs side by side.
    return both.select("as_of", "opened", "days", by_counter=by_counter, by_month="downloads_30d").order_by("as_of")


def _compared(pairs: Table) -> Table:
    """Rows of :func:`_beside_one_another` summed up by date."""
    large = (ibis.greatest(pairs.by_month, pairs.by_counter) >= LEAST_DOWNLOADS) & (pairs.by_counter > 0)
    by_day = pairs.by_counter.cast("float64") / pairs.days
    ratio = (pairs.by_month.cast("float64") / 30) / by_day.nullif(0.0)
    judged = pairs.mutate(ratio=ibis.ifelse(large, ratio, ibis.null("float64")))
    return judged.group_by("as_of", "opened", "days").aggregate(
        models=judged.count(),
        counters_per_day=judged.by_counter.sum().cast("float64") / judged.days.min(),
        thirty_day_per_day=judged.by_month.sum().cast("float64") / 30,
        models_compared=judged.ratio.count(),
        within_tenth=((judged.ratio >= 0.9) & (judged.ratio <= 1.1)).cast("int64").sum(),
        twofold=((judged.ratio > 2) | (judged.ratio < 0.5)).cast("int64").sum(),
        **{name: judged.ratio.quantile(at) for name, at in QUANTILES.items()},
    )


def _over_a_year(flows: Flows) -> Table:
    """The sum of twelve 30-day counts against the counters' growth over the year, over all models."""
    rows = market(flows)
    year = rows.filter((rows.models > 0) & (rows.window_months == 12))
    by_counter, by_month = year.basis == "counter-difference", year.basis == "monthly-30-day"
    summed = (
        year.group_by("as_of")
        .aggregate(
            opened=year.window_start.min(where=by_counter),
            counters=year.downloads.sum(where=by_counter),
            months=year.downloads.sum(where=by_month),
        )
        .filter(lambda row: row.counters.notnull() & row.months.notnull())
    )
    summed = summed.mutate(days=summed.as_of.delta(summed.opened, unit="day").cast("int64"))
    nothing = {name: ibis.null("float64") for name in QUANTILES}
    return _in_columns(
        summed.mutate(
            counters_per_day=summed.counters / summed.days.cast("float64"),
            # Twelve counts of 30 days each.
            thirty_day_per_day=summed.months.cast("float64") / 360,
            models=ibis.null("int64"),
            models_compared=ibis.null("int64"),
            **nothing,
        ),
        window_months=ibis.literal(12, "int64"),
        within_tenth_share=ibis.null("float64"),
        twofold_share=ibis.null("float64"),
    )


def _in_columns(rows: Table, **more: ibis.Value) -> Table:
    counters = ibis.ifelse(rows.counters_per_day > 0, rows.counters_per_day, ibis.null("float64"))
    return rows.mutate(ratio=rows.thirty_day_per_day / counters, **more).select(
        "as_of",
        "window_months",
        window_start="opened",
        days="days",
        models="models",
        counters_per_day="counters_per_day",
        thirty_day_per_day="thirty_day_per_day",
        ratio="ratio",
        models_compared="models_compared",
        **{name: name for name in QUANTILES},
        within_tenth_share="within_tenth_share",
        twofold_share="twofold_share",
    )


METRIC = Metric(
    id="basis-comparison",
    title="Thirty-day counts against counters",
    question="Do the two ways to count downloads agree where both exist?",
    definition=(
        "Downloads a day by the Hub's 30-day counts divided by downloads a day by the growth of the all-time counters. "
        "Over one month: the same models on both bases, the counters read at the snapshot nearest to 30 days before "
        f"the report date ({LATEST_DAYS} to {EARLIEST_DAYS} days before), in all and as quantiles over the models with "
        f"at least {LEAST_DOWNLOADS} downloads on either basis and a counter that grew. Over twelve months: the sum of "
        "twelve counts of 30 days each against the counters' growth over the year, all models together. A ratio of 1 "
        "is full agreement."
    ),
    unit="downloads a day; ratio",
    columns=(
        "as_of",
        "window_months",
        "window_start",
        "days",
        "models",
        "counters_per_day",
        "thirty_day_per_day",
        "ratio",
        "models_compared",
        *QUANTILES,
        "within_tenth_share",
        "twofold_share",
    ),
    own_columns=(
        ("window_start", "Date at which the counters were read for the first time."),
        ("days", "Days between this and the report date."),
        ("models", "Models with a 30-day count and both counters; empty over twelve months."),
        ("counters_per_day", "Downloads a day by counters."),
        ("thirty_day_per_day", "Downloads a day by 30-day counts."),
        ("ratio", "The second divided by the first; empty where the counters did not grow."),
        ("models_compared", "Models whose own ratio is among the quantiles."),
        *((name, f"Ratio below which {at:.0%} of these models lie.") for name, at in QUANTILES.items()),
        ("within_tenth_share", "Fraction of these models whose ratio lies between 0.9 and 1.1."),
        ("twofold_share", "Fraction of these models whose ratio is above 2 or below 0.5."),
    ),
    caveats=(
        "The two bases are compared here and mixed nowhere.",
        "The times compared differ by some days, so a ratio off 1 may be growth within the month, a counter corrected "
        "afterwards, or a snapshot whose parts are of different days.",
    ),
    source="This report's own.",
    compute=compute,
)
