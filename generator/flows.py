"""Downloads over time: what each model was downloaded between two dates, and the windows that add this up.

A *flow* is the downloads of one model in one interval. Two series are kept apart and never mixed in a figure:

``counters``
    the difference of the all-time counter between two report dates, or between a model's creation (counter 0)
    and the first report date that saw it;
``30-day``
    the Hub's own count of the 30 days before a report date.

Flows are many, one a model and report date, and each counts in many windows. :mod:`generator.sums` adds them up once
for all metrics.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.attribution import Attribution
from generator.dataset import Dataset, among
from generator.engines import kept_in_turn
from generator.probe.results import ProbeResults
from generator.windows import ALL_TIME, COUNTERS, FIRST_YEAR_DAYS, THIRTY_DAYS, closings_of, thresholds_of, windows_of

WINDOW = ("as_of", "window_months", "basis", "window_start")
"""The columns by which a window is known in every table."""


OF_MODEL = ("model", "kind", "created_on", "born")
"""What a flow knows of its model."""

LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True)
class Flows:
    """Attributed downloads, and the windows that they are added up in.

    ``owners``: :data:`OF_MODEL`, and publisher and origin, one row a model, as ``Attribution.models`` numbers them.

    ``readings``: the all-time counters at report dates in the same columns, series all-time.

    ``windows``: window (its number), as_of, window_months (null for all time), basis, window_start, complete, as
    :func:`generator.windows.windows_of` has them.

    ``closings``: which report dates lie in which windows, as :func:`generator.windows.closings_of` has it.

    ``probe``: what models answered to the probe's questions, which has nothing to do with downloads; empty where
    nobody asked.
    """

    data: Dataset
    attribution: Attribution
    owners: Table
    readings: Table
    windows: Table
    closings: Table
    probe: ProbeResults = field(default_factory=ProbeResults)

    @property
    def flows(self) -> Table:
        """One row a flow.

        model, kind (as ``Attribution.models`` numbers them), created_on, born (as :func:`born` has it), series
        (counters | 30-day), opened, closed, before and before_opened (when the same model's flow before this one closed
        and opened; null if this is its first), after (when the one after it closed; null if this is its last),
        first_year (the flow's middle lies within a year of the model's creation), downloads, so_far
        (these and those of all flows before).
        """

        def of(numbers: Sequence[int]) -> Table:
            followed = self.followed(numbers)
            return ibis.union(*(told(rows, one) for rows, series in followed for one in series if one != ALL_TIME))

        return kept_in_turn(self.data.backend, "flows", of, self.data.numbers, 2 * self.data.rows)

    def followed(self, numbers: Sequence[int]) -> list[tuple[Table, tuple[str, ...]]]:
        """What some models' flows are told from, and which series are told from it.

        For whoever goes through it once: made as it passes, and not kept. Where every observation has both counts, all
        series are told from the same rows, so that a model's rows need be put in order once only.

        Returns:
            Tables with :data:`OF_MODEL`, as_of, downloads_30d, downloads_all_time, and of the model's row before this
            one, of that before it and of the one after: seen_before, seen_earlier, after (dates; null where there is
            none), counter_before (downloads_all_time then) and counted (downloads_30d up to now).
        """
        rows, owners = (among(rows, numbers) for rows in (_reported(self.data), self.owners))
        if self.data.both_counts:
            return [(_followed(rows, owners), (COUNTERS, THIRTY_DAYS, ALL_TIME))]
        return [
            (_followed(rows.filter(rows.downloads_all_time.notnull()), owners), (COUNTERS, ALL_TIME)),
            (_followed(rows.filter(rows.downloads_30d.notnull()), owners), (THIRTY_DAYS,)),
        ]


def build(data: Dataset, attribution: Attribution, probe: ProbeResults | None = None) -> Flows:
    """Make the flows of a data set.

    Example:
        >>> flows = build(data, attribute(data))  # doctest: +SKIP
        >>> flows.flows.group_by("series").count()  # doctest: +SKIP
    """
    reported = _reported(data)
    frame = windows_of(data.report_dates)
    models = attribution.models
    # Kept, or what says when each was born would be asked of every flow.
    owned = models.select("model", "kind", "publisher", "origin", "created_on", born=born(models.created_on, frame))
    owners = data.backend.create_table("model_owners", owned)
    counted = reported.filter(reported.downloads_all_time.notnull()).inner_join(owners, "model")
    readings = told(counted, ALL_TIME)
    windows = data.backend.create_table("windows", _dated(frame.drop(columns=["reach", "series"])))
    closings = data.backend.create_table("closings", _dated(closings_of(frame, data.report_dates)))
    return Flows(data, attribution, owners, readings, windows, closings, probe or ProbeResults())


def _reported(data: Dataset) -> Table:
    return data.observations.filter(data.observations.as_of.isin(list(data.report_dates)))


def _dated(frame: pd.DataFrame) -> Table:
    """A frame with timestamps as a table with dates."""
    given = ibis.memtable(frame)
    days = {name: given[name].cast("date") for name in frame.columns if frame[name].dtype.kind == "M"}
    months = given.window_months.cast("int64")
    return given.mutate(**days, window=given.window.cast("int32"), window_months=months).select(*frame.columns)


def is_new(as_of: ibis.Value, created_on: ibis.Value) -> ibis.Value:
    """Whether a model was created in the 365 days up to a date."""
    return (as_of.delta(created_on, unit="day") < FIRST_YEAR_DAYS).fill_null(False)


def born(created_on: ibis.Value, windows: pd.DataFrame) -> ibis.Value:
    """The last day up to a model's creation that any window asks for; long ago where there is none or it is unknown.

    Models created between two such days are alike to every window, so that their flows can be added up.
    """
    days = [ibis.literal(day) for day in reversed(thresholds_of(windows))]
    return ibis.cases(*((created_on >= day, day) for day in days), else_=ibis.literal(LONG_AGO)).fill_null(LONG_AGO)


def told(rows: Table, series: str) -> Table:
    """The flows of a series, or the readings.

    Args:
        rows: with the columns of :meth:`Flows.followed` that the series is told from.
        series: counters | 30-day | all-time.

    Returns:
        The columns of ``Flows.flows``.
    """
    columns = COLUMNS[series](rows)
    return only_opened(rows.select(*OF_MODEL, series=ibis.literal(series), closed=rows.as_of, **columns), series)


def only_opened(flows: Table, series: str) -> Table:
    """Without what is no flow: the first sight of a counter of a model whose creation is unknown opens nowhere."""
    return flows.filter(flows.opened.notnull()) if series == COUNTERS else flows


def _followed(rows: Table, owners: Table) -> Table:
    by_model = ibis.window(group_by="model", order_by="as_of")
    up_to_now = ibis.window(group_by="model", order_by="as_of", preceding=None, following=0)
    followed = rows.mutate(
        seen_before=rows.as_of.lag().over(by_model),
        seen_earlier=rows.as_of.lag(2).over(by_model),
        after=rows.as_of.lead().over(by_model),
        counter_before=rows.downloads_all_time.lag().over(by_model),
        counted=rows.downloads_30d.sum().over(up_to_now).cast("int64"),
    )
    return followed.inner_join(owners, "model")


def _is_first_year(rows: Table, opened: ibis.Value) -> ibis.Value:
    ages = opened.delta(rows.created_on, unit="day") + rows.as_of.delta(rows.created_on, unit="day")
    return (ages <= 2 * FIRST_YEAR_DAYS).fill_null(False)


def _counters(rows: Table) -> dict[str, ibis.Value]:
    opened = rows.seen_before.fill_null(rows.created_on)
    before_opened = ibis.ifelse(
        rows.seen_before.notnull(), rows.seen_earlier.fill_null(rows.created_on), ibis.null("date")
    )
    return {
        "opened": opened,
        "before": ibis.ifelse(before_opened.notnull(), rows.seen_before, ibis.null("date")),
        "before_opened": before_opened,
        "after": rows.after,
        "first_year": _is_first_year(rows, opened),
        # A counter that fell gives a negative flow: it takes back what an earlier flow wrongly counted.
        "downloads": rows.downloads_all_time - rows.counter_before.fill_null(0),
        # Where the first sight closes no flow this begins with the counter then, which differences do not see.
        "so_far": rows.downloads_all_time,
    }


def _thirty_days(rows: Table) -> dict[str, ibis.Value]:
    begun, begun_before = _thirty_days_before(rows.as_of), _thirty_days_before(rows.seen_before)
    opened = ibis.greatest(begun, rows.created_on.fill_null(begun))
    opened_before = ibis.greatest(begun_before, rows.created_on.fill_null(begun_before))
    return {
        "opened": opened,
        "before": rows.seen_before,
        "before_opened": ibis.ifelse(rows.seen_before.notnull(), opened_before, ibis.null("date")),
        "after": rows.after,
        "first_year": _is_first_year(rows, opened),
        "downloads": rows.downloads_30d,
        "so_far": rows.counted,
    }


def _readings(rows: Table) -> dict[str, ibis.Value]:
    return {
        **dict.fromkeys(("opened", "before", "before_opened", "after"), ibis.null("date")),
        "first_year": ibis.literal(False),
        "downloads": rows.downloads_all_time,
        "so_far": rows.downloads_all_time,
    }


COLUMNS = {COUNTERS: _counters, THIRTY_DAYS: _thirty_days, ALL_TIME: _readings}
"""How the columns of ``Flows.flows`` are told from the rows of a model, by series."""


def _thirty_days_before(day: ibis.Value) -> ibis.Value:
    # Ibis 12 takes the difference for a date already, while DuckDB has made a timestamp of it.
    return (day - ibis.interval(days=30)).cast("timestamp").cast("date")
