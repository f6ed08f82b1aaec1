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
            return ibis.union(*self.passing(numbers).values())

        return kept_in_turn(self.data.backend, "flows", of, self.data.numbers, 2 * self.data.rows)

    def passing(self, numbers: Sequence[int]) -> dict[str, Table]:
        """The same of some models by series, for whoever goes through them once: made as they pass, and not kept."""
        reported, owners = (among(rows, numbers) for rows in (_reported(self.data), self.owners))
        return {COUNTERS: _counter_flows(reported, owners), THIRTY_DAYS: _thirty_day_flows(reported, owners)}


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
    nothing = ibis.null("date")
    readings = counted.select(
        *OF_MODEL,
        series=ibis.literal(ALL_TIME),
        opened=nothing,
        closed=counted.as_of,
        before=nothing,
        before_opened=nothing,
        after=nothing,
        first_year=ibis.literal(False),
        downloads=counted.downloads_all_time,
        so_far=counted.downloads_all_time,
    )
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


def _is_first_year(rows: Table, opened: ibis.Value) -> ibis.Value:
    ages = opened.delta(rows.created_on, unit="day") + rows.as_of.delta(rows.created_on, unit="day")
    return (ages <= 2 * FIRST_YEAR_DAYS).fill_null(False)


def _counter_flows(reported: Table, owners: Table) -> Table:
    by_model = ibis.window(group_by="model", order_by="as_of")
    counted = reported.filter(reported.downloads_all_time.notnull()).select(
        "model",
        "as_of",
        "downloads_all_time",
        counter_before=lambda row: row.downloads_all_time.lag().over(by_model),
        seen_before=lambda row: row.as_of.lag().over(by_model),
        seen_earlier=lambda row: row.as_of.lag(2).over(by_model),
        after=lambda row: row.as_of.lead().over(by_model),
    )
    known = counted.inner_join(owners, "model")
    opened = known.seen_before.fill_null(known.created_on)
    # The first sight of a model whose creation is unknown closes no flow, since nothing says when it would have opened.
    before_opened = ibis.ifelse(
        known.seen_before.notnull(), known.seen_earlier.fill_null(known.created_on), ibis.null("date")
    )
    return known.filter(opened.notnull()).select(
        *OF_MODEL,
        series=ibis.literal(COUNTERS),
        opened=opened,
        closed=known.as_of,
        before=ibis.ifelse(before_opened.notnull(), known.seen_before, ibis.null("date")),
        before_opened=before_opened,
        after=known.after,
        first_year=_is_first_year(known, opened),
        # A counter that fell gives a negative flow: it takes back what an earlier flow wrongly counted.
        downloads=known.downloads_all_time - known.counter_before.fill_null(0),
        # Where the first sight closes no flow this begins with the counter then, which differences do not see.
        so_far=known.downloads_all_time,
    )


def _thirty_day_flows(reported: Table, owners: Table) -> Table:
    by_model = ibis.window(group_by="model", order_by="as_of")
    up_to_now = ibis.window(group_by="model", order_by="as_of", preceding=None, following=0)
    counted = reported.filter(reported.downloads_30d.notnull()).select(
        "model",
        "as_of",
        "downloads_30d",
        seen_before=lambda row: row.as_of.lag().over(by_model),
        after=lambda row: row.as_of.lead().over(by_model),
        so_far=lambda row: row.downloads_30d.sum().over(up_to_now).cast("int64"),
    )
    known = counted.inner_join(owners, "model")
    begun = _thirty_days_before(known.as_of)
    opened = ibis.greatest(begun, known.created_on.fill_null(begun))
    begun_before = _thirty_days_before(known.seen_before)
    return known.select(
        *OF_MODEL,
        series=ibis.literal(THIRTY_DAYS),
        opened=opened,
        closed=known.as_of,
        before=known.seen_before,
        before_opened=ibis.ifelse(
            known.seen_before.notnull(),
            ibis.greatest(begun_before, known.created_on.fill_null(begun_before)),
            ibis.null("date"),
        ),
        after=known.after,
        first_year=_is_first_year(known, opened),
        downloads=known.downloads_30d,
        so_far=known.so_far,
    )


def _thirty_days_before(day: ibis.Value) -> ibis.Value:
    # Ibis 12 takes the difference for a date already, while DuckDB has made a timestamp of it.
    return (day - ibis.interval(days=30)).cast("timestamp").cast("date")
