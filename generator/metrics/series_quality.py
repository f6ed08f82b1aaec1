"""How well the series of counters bears the figures built on it."""

from collections.abc import Sequence
from datetime import date
from functools import partial

import ibis
from ibis.expr.types import Table

from generator.dataset import among
from generator.engines import summed_in_turn
from generator.flows import Flows
from generator.metric import Metric


def compute(flows: Flows) -> Table:
    """Counts of models seen, appeared, vanished, standing still and falling at each report date."""
    dates = (
        flows.data.snapshots.filter(flows.data.snapshots.report_date)
        .select("as_of")
        .mutate(
            previous=lambda row: row.as_of.lag().over(order_by="as_of"),
            following=lambda row: row.as_of.lead().over(order_by="as_of"),
        )
    )

    def part(days: Sequence[date]) -> Table:
        asked = dates.filter(dates.as_of.isin(list(days)))
        counted = partial(_counted, flows, dates, days)
        summed = summed_in_turn(
            flows.data.backend, "quality_of_some", counted, flows.data.numbers, flows.data.rows, ["as_of"]
        )
        return summed.left_join(_covered(flows.data.observations, asked), "as_of").drop("as_of_right")

    rows = flows.data.settled.by_date("quality", part)
    covered_share = rows.covered / rows.expected.nullif(0).cast("float64")
    return rows.mutate(covered_share=covered_share).order_by("as_of").select(*METRIC.columns)


def _counted(flows: Flows, dates: Table, days: Sequence[date], numbers: Sequence[int]) -> Table:
    """The counts of some models at some report dates."""
    by_model = ibis.window(group_by="model", order_by="as_of")
    seen = (
        _beside(among(flows.data.observations, numbers), flows.data.report_dates, days)
        .inner_join(dates, "as_of")
        .inner_join(among(flows.owners, numbers).select("model", "created_on"), "model")
        .mutate(
            seen_before=lambda row: row.as_of.lag().over(by_model),
            seen_after=lambda row: row.as_of.lead().over(by_model),
            counter_before=lambda row: row.downloads_all_time.lag().over(by_model),
        )
        .mutate(growth=lambda row: row.downloads_all_time - row.counter_before)
    )
    seen = seen.filter(seen.as_of.isin(list(days)))
    appeared = seen.previous.notnull() & ~(seen.seen_before == seen.previous).fill_null(False)
    fallen = (seen.growth < 0).fill_null(False)
    return seen.group_by("as_of").aggregate(
        models=seen.count(),
        with_counter=seen.downloads_all_time.count(),
        with_creation_date=seen.created_on.count(),
        appeared=appeared.sum(),
        appeared_older=(appeared & (seen.created_on < seen.previous).fill_null(True)).sum(),
        vanished_after=(seen.following.notnull() & ~(seen.seen_after == seen.following).fill_null(False)).sum(),
        standing_still=(seen.growth == 0).fill_null(False).sum(),
        fallen=fallen.sum(),
        fallen_downloads=seen.growth.sum(where=fallen).fill_null(0).cast("int64"),
    )


def _beside(observations: Table, report_dates: Sequence[date], days: Sequence[date]) -> Table:
    """What has to be known of report dates: themselves, those beside them, and for models that are not in all of these
    when they were seen before."""
    asked = [place for place, day in enumerate(report_dates) if day in days]
    near = {place for one in asked for place in (one - 1, one, one + 1)}
    beside = [day for place, day in enumerate(report_dates) if place in near]
    others = [day for day in report_dates if day not in beside]
    rows = observations.filter(observations.as_of.isin(beside))
    if not others:
        return rows
    times = rows.group_by("model").aggregate(times=rows.count())
    broken = times.filter(times.times < len(beside))
    return ibis.union(rows, observations.filter(observations.as_of.isin(others)).semi_join(broken, "model"))


def _covered(observations: Table, dates: Table) -> Table:
    """For each date the newest 30-day counts added up (expected), and those of models seen on it (covered)."""
    sized = observations.filter(observations.downloads_30d.notnull()).select(
        reference="as_of", model="model", size="downloads_30d"
    )
    days = sized.select("reference").distinct()
    reference = (
        dates.join(days, days.reference <= dates.as_of)
        .group_by("as_of")
        .aggregate(reference=lambda row: row.reference.max())
    )
    expected = reference.inner_join(sized, "reference").select("as_of", "model", "size")
    present = observations.select("as_of", "model", found=ibis.literal(1))
    compared = expected.left_join(present, ["as_of", "model"])
    return compared.group_by("as_of").aggregate(
        expected=compared.size.sum().cast("int64"),
        covered=compared.size.sum(where=compared.found.notnull()).fill_null(0).cast("int64"),
    )


METRIC = Metric(
    id="series-quality",
    title="Quality of the series",
    question="How well does the series of counters bear the figures?",
    definition=(
        "For each report date: how many models were seen, how much of the downloads they stand for, and how many "
        "have a counter and a creation date; how many "
        "appeared since the report date before, and how many of those are older than it, so that their downloads "
        "in between are unknown; how many are gone at the next report date; whose counter stood still or fell."
    ),
    unit="models; downloads",
    columns=(
        "as_of",
        "models",
        "covered_share",
        "with_counter",
        "with_creation_date",
        "appeared",
        "appeared_older",
        "vanished_after",
        "standing_still",
        "fallen",
        "fallen_downloads",
    ),
    own_columns=(
        ("models", "Models seen on this date."),
        (
            "covered_share",
            "Fraction of the 30-day downloads in the newest snapshot that counts them, this one or an earlier one, "
            "that belongs to models seen on this date; empty where there is none.",
        ),
        ("with_counter", "Of these, models with an all-time counter."),
        ("with_creation_date", "Of these, models whose creation date is known."),
        ("appeared", "Models that were not there at the report date before."),
        ("appeared_older", "Of these, models created before that date: their downloads in between are unknown."),
        ("vanished_after", "Models that are gone at the next report date: deleted, renamed, made private or missed."),
        ("standing_still", "Models whose counter did not move since the report date before."),
        ("fallen", "Models whose counter fell: the Hub takes back downloads that it finds to be spam."),
        ("fallen_downloads", "By how much these counters fell together (negative)."),
    ),
    caveats=("Falls are kept as negative downloads, never set to zero: they take back what was counted before.",),
    source="This report's own.",
    compute=compute,
)
