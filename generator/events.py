"""What happened to single models in the series: counters that fall, models that go and come back, sudden surges.

All are found at report dates, from what was known by then: a later snapshot adds events, and changes none but the
renaming of a model that comes back under its old name.
"""

from collections.abc import Sequence
from datetime import date

import ibis
from ibis.expr.types import Table

from generator.dataset import Dataset, among
from generator.engines import kept, kept_in_turn
from generator.flows import Flows
from generator.windows import COUNTERS

EVENTS = ("counter-reset", "vanished", "likely-renamed", "returned", "surge", "standing-still")

SURGE_FACTOR = 50
"""A flow this many times the model's usual one is a surge."""

EARLIER_FLOWS = 2
"""A model with fewer flows before has no usual one yet."""

LEAST_USUAL = 1.0
"""Downloads a day; a model that is usually downloaded less than this does not surge by its first hundred readers."""

STILL_COUNTER = 1000
"""From this counter on, a model without a single download from one report date to the next is out of the ordinary."""

RENAMED_GROWTH = 2
"""A renamed model goes on from its counter; one that starts at more than this many times it is another model."""

TABLE = "series_events"


def events(flows: Flows) -> Table:
    """All events of a series, one row an event.

    Returns:
        as_of (the report date at which it shows), event (one of :data:`EVENTS`), model, other_model (what a model
        was likely renamed to), counter_before (the last known), counter (at as_of), downloads (in between),
        times_usual (of a surge) and size, by which events of a kind are ranked.

    Example:
        >>> events(flows).group_by("event").count()  # doctest: +SKIP
    """
    return kept(flows.data.backend, TABLE, lambda: _events(flows))


def report_dates(flows: Flows) -> Table:
    """The report dates as as_of, with ``place``, their number from 0 on."""
    dates = flows.data.snapshots.filter(flows.data.snapshots.report_date).select("as_of")
    return dates.mutate(place=ibis.row_number().over(order_by="as_of").cast("int64"))


def _events(flows: Flows) -> Table:
    dates = report_dates(flows)
    observed = flows.data.observations.select("as_of", "model", counter="downloads_all_time").inner_join(dates, "as_of")
    flowed = flows.flows.filter(flows.flows.series == COUNTERS)
    gone, back = _gone_and_back(observed, dates, flows.data.models)

    return ibis.union(
        gone,
        back,
        _with_counters(flowed.filter(flowed.downloads < 0), observed, "counter-reset"),
        _with_counters(
            flowed.filter(flowed.downloads == 0), observed.filter(observed.counter >= STILL_COUNTER), "standing-still"
        ),
        _surges(flows.data, flowed, observed),
    )


def _surges(data: Dataset, flowed: Table, observed: Table) -> Table:
    def part(days: Sequence[date]) -> Table:
        def surging(numbers: Sequence[int]) -> Table:
            return _surging(among(flowed, numbers), among(observed, numbers), days)

        # Medians hold all their values, and memory for them has no limit but the number of models at a time.
        return data.named(kept_in_turn(data.backend, "surges_of_some", surging, data.numbers, data.rows)).drop("model")

    surges = data.numbered(data.settled.by_date("surges", part))
    return _row(
        surges,
        ibis.literal("surge"),
        counter_before=surges.counter - surges.downloads,
        counter=surges.counter,
        downloads=surges.downloads,
        times_usual=surges.times,
        size=surges.downloads,
    )


def _row(rows: Table, event: ibis.Value, **known: ibis.Value) -> Table:
    """Events in the columns that all share; what is not known of a kind of event is null."""
    columns: dict[str, ibis.Value] = {
        "as_of": rows.as_of,
        "event": event,
        "model": rows.model,
        "other_model": ibis.null("int32"),
        "counter_before": ibis.null("int64"),
        "counter": ibis.null("int64"),
        "downloads": ibis.null("int64"),
        "times_usual": ibis.null("float64"),
        "size": ibis.null("int64"),
    }
    return rows.select(**columns | known)


def _gone_and_back(observed: Table, dates: Table, models: Table) -> tuple[Table, Table]:
    """Models that are not there though they were at the report date before, and models that are there again."""
    newest = dates.place.max().name("newest").as_table()
    lives = observed.group_by("model").aggregate(
        first=observed.place.min(), last=observed.place.max(), times=observed.count()
    )
    # Most models are there from their first date to the newest; only the others need looking at one by one.
    broken = lives.cross_join(newest).filter(
        lambda row: (row["last"] < row.newest) | (row.times < row["last"] - row["first"] + 1)
    )
    by_model = ibis.window(group_by="model", order_by="place")
    followed = observed.semi_join(broken, "model").mutate(
        place_before=lambda row: row.place.lag().over(by_model),
        place_after=lambda row: row.place.lead().over(by_model),
        counter_before=lambda row: row.counter.lag().over(by_model),
    )
    returned = followed.filter(followed.place - followed.place_before > 1)
    back = _row(
        returned,
        ibis.literal("returned"),
        counter_before=returned.counter_before,
        counter=returned.counter,
        downloads=returned.counter - returned.counter_before,
        size=returned.counter,
    )
    lost = followed.filter(followed.place_after.isnull() | (followed.place_after - followed.place > 1))
    missing = (
        lost.select("model", "place", counter_before="counter")
        .mutate(place=lambda row: row.place + 1)
        .inner_join(dates, "place")
        .left_join(_renamed(lost, observed, lives, models), "model")
        .drop("model_right")
    )
    gone = _row(
        missing,
        ibis.ifelse(missing.other_model.notnull(), "likely-renamed", "vanished"),
        other_model=missing.other_model,
        counter_before=missing.counter_before,
        counter=missing.new_counter,
        downloads=missing.new_counter - missing.counter_before,
        size=missing.counter_before,
    )
    return gone, back


def _renamed(lost: Table, observed: Table, lives: Table, models: Table) -> Table:
    """Models that end for good, each with the one model that starts at the next report date and goes on from it.

    The same creation to the second (the Hub keeps it) and a counter that goes on where the other stopped; where
    more than one fits, either way, nothing is claimed.
    """
    made = models.filter(models.created_on.notnull()).select("model", "created_at")
    last = lost.filter(lost.place_after.isnull() & lost.counter.notnull()).inner_join(made, "model")
    first = observed.inner_join(lives.select("model", place="first"), ["model", "place"]).inner_join(made, "model")
    ends = last.select("model", "created_at", "counter", "place").mutate(place=lambda row: row.place + 1)
    starts = first.select("created_at", "place", other_model="model", new_counter="counter")
    pairs = ends.inner_join(starts, ["created_at", "place"])
    fitting = pairs.filter(
        (pairs.new_counter >= pairs.counter)
        & (pairs.new_counter <= RENAMED_GROWTH * ibis.greatest(pairs.counter, ibis.literal(STILL_COUNTER)))
    )
    alone = fitting.mutate(
        successors=fitting.other_model.count().over(ibis.window(group_by="model")),
        predecessors=fitting.model.count().over(ibis.window(group_by="other_model")),
    )
    return alone.filter((alone.successors == 1) & (alone.predecessors == 1)).select(
        "model", "other_model", "new_counter"
    )


def _with_counters(flowed: Table, observed: Table, event: str) -> Table:
    """Events that are single flows, with the counters at their ends."""
    rows = flowed.select("model", "downloads", as_of="closed").inner_join(observed, ["model", "as_of"])
    return _row(
        rows,
        ibis.literal(event),
        counter_before=rows.counter - rows.downloads,
        counter=rows.counter,
        downloads=rows.downloads,
        size=ibis.ifelse(rows.downloads == 0, rows.counter, -rows.downloads),
    )


def _surging(flowed: Table, observed: Table, days: Sequence[date]) -> Table:
    """Flows that close on some days and are far above the median of the same model's flows before, by day.

    Returns:
        as_of, model, counter, downloads and times (how many times the usual rate).
    """
    elapsed = ibis.greatest(flowed.closed.delta(flowed.opened, unit="day").cast("int64"), ibis.literal(1))
    rated = flowed.mutate(rate=flowed.downloads / elapsed.cast("float64"), asked=flowed.closed.isin(list(days)))
    # No flow below this can be a surge, and few models have one above.
    steep = rated.filter(rated.asked & (rated.rate >= SURGE_FACTOR * LEAST_USUAL)).select("model")
    series = rated.semi_join(steep, "model").select("model", "closed", "downloads", "rate", "asked")
    # Nor one below as much times the least before, which is at most their median: that leaves few to compare with all.
    before = ibis.window(group_by="model", order_by="closed", preceding=(None, 1))
    bounded = series.mutate(least=series.rate.min().over(before))
    least = SURGE_FACTOR * ibis.greatest(bounded.least, ibis.literal(LEAST_USUAL))
    large = bounded.filter(bounded.asked & (bounded.rate >= least)).drop("least", "asked")
    earlier = series.semi_join(large, "model").select("model", earlier="closed", earlier_rate="rate")
    usual = (
        large.inner_join(earlier, "model")
        .filter(lambda pair: pair.earlier < pair.closed)
        .group_by("model", "closed", "downloads", "rate")
        .aggregate(
            flows=lambda pair: pair.earlier_rate.count(),
            usual=lambda pair: pair.earlier_rate.median(),
        )
    )
    times = usual.rate / ibis.greatest(usual.usual, ibis.literal(LEAST_USUAL))
    found = usual.mutate(times=times).filter(lambda row: (row.flows >= EARLIER_FLOWS) & (row.times >= SURGE_FACTOR))
    return (
        found.select("model", "downloads", "times", as_of="closed")
        .inner_join(observed, ["model", "as_of"])
        .select("as_of", "model", "counter", "downloads", "times")
    )
