"""How does a model do against the most downloaded models of its own size at its own age?"""

from itertools import pairwise

import ibis
from ibis.expr.types import NumericValue, Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.traits.sizes import UNKNOWN, sizes

AGES = (7, 14, 30, 60, 90, 180, 365)
"""The ages in days at which models are compared."""
AGE_TOLERANCE = 0.2
TEN = 10
ENOUGH = 20
"""Models of a class and age that there must be, so that the ten are its upper half and not all there is."""
LEAST_MEDIAN = 1000
"""Downloads below which the ten are no measure of success: the archive then holds a class's tail, not its top."""
TOP = 100


def compute(flows: Flows) -> Table:
    """The hundred models of the highest relative adoption at every report date."""
    seen = _at_reference_ages(flows)
    rated = seen.left_join(_medians(seen), ["as_of", "size_class", "reference_age"]).mutate(
        relative_adoption=lambda row: row.downloads / row.median_of_ten.nullif(0.0)
    )
    by_adoption = ibis.window(
        group_by="as_of",
        order_by=[ibis.desc("relative_adoption", nulls_first=False), ibis.desc("downloads"), "model"],
    )
    placed = rated.mutate(place=(ibis.row_number().over(by_adoption) + 1).cast("int64"))
    publishers = flows.attribution.models.select(
        "model", "model_id", "family", organisation="publisher_organisation", country="publisher_country"
    )
    return (
        placed.filter(placed.place <= TOP)
        .inner_join(publishers, "model")
        .mutate(rank=lambda row: ibis.ifelse(row.relative_adoption.notnull(), row.place, ibis.null("int64")))
        .order_by(["as_of", "place"])
        .select(*METRIC.columns)
    )


def reference_age(age: NumericValue) -> NumericValue:
    """The nearest of :data:`AGES` to an age in days, null where none lies within :data:`AGE_TOLERANCE` of itself."""
    nearest = ibis.cases(*((age <= (low + high) / 2, low) for low, high in pairwise(AGES)), else_=AGES[-1])
    return ibis.ifelse((age - nearest).abs() <= AGE_TOLERANCE * nearest, nearest, ibis.null("int64"))


def _at_reference_ages(flows: Flows) -> Table:
    """as_of, model, size_class, age_days, reference_age, downloads (all time) of models of known size and age."""
    observed = (
        flows.data.observations.semi_join(flows.data.snapshots.filter(flows.data.snapshots.report_date), "as_of")
        .inner_join(flows.attribution.models.select("model", "created_on"), "model")
        .inner_join(sizes(flows.data).select("model", "size_class"), "model")
    )
    aged = observed.filter(observed.downloads_all_time.notnull() & (observed.size_class != UNKNOWN)).mutate(
        age_days=lambda row: row.as_of.delta(row.created_on, unit="day").cast("int64")
    )
    return (
        aged.mutate(reference_age=reference_age(aged.age_days).cast("int64"))
        .filter(lambda row: row.reference_age.notnull())
        .select("as_of", "model", "size_class", "age_days", "reference_age", downloads="downloads_all_time")
    )


def _medians(seen: Table) -> Table:
    """as_of, size_class, reference_age, compared (models there are) and median_of_ten (null where they are few)."""
    # Each model once in a class and age: as it stood nearest to that age, of what was known by the date.
    in_turn = ibis.window(group_by=["model", "reference_age"], order_by="as_of")
    apart = seen.mutate(distance=(seen.age_days - seen.reference_age).abs())
    followed = apart.mutate(
        before=apart.distance.lag().over(in_turn),
        after=apart.distance.lead().over(in_turn),
        next_date=apart.as_of.lead().over(in_turn),
    )
    nearest = followed.filter(followed.before.isnull() | (followed.distance < followed.before)).mutate(
        until=ibis.ifelse(followed.after < followed.distance, followed.next_date, ibis.null("date"))
    )
    # Counters grow, so whoever is behind ten others at one date stays behind them in what comes of that date.
    on_date = ibis.window(group_by=["as_of", "size_class", "reference_age"], order_by=[ibis.desc("downloads"), "model"])
    numbered = nearest.mutate(turn=ibis.row_number().over(on_date))
    largest = numbered.filter(numbered.turn < TEN).select(
        "size_class", "reference_age", "downloads", "model", "until", seen_on="as_of"
    )
    dates = seen.select(date="as_of").distinct()
    so_far = largest.join(
        dates,
        [largest.seen_on <= dates.date, largest.until.isnull() | (dates.date < largest.until)],
    )
    by_size = ibis.window(group_by=["date", "size_class", "reference_age"], order_by=[ibis.desc("downloads"), "model"])
    ranked = so_far.mutate(turn=ibis.row_number().over(by_size))
    ten = ranked.filter(ranked.turn < TEN)
    medians = ten.group_by(["date", "size_class", "reference_age"]).aggregate(
        median=ten.downloads.cast("float64").median()
    )
    seen_first = followed.filter(followed.before.isnull()).select("size_class", "reference_age", seen_on="as_of")
    arrivals = seen_first.group_by(["seen_on", "size_class", "reference_age"]).aggregate(models=seen_first.count())
    compared = (
        arrivals.join(dates, arrivals.seen_on <= dates.date)
        .group_by(["date", "size_class", "reference_age"])
        .aggregate(compared=lambda row: row.models.sum().cast("int64"))
    )
    return medians.inner_join(compared, ["date", "size_class", "reference_age"]).select(
        "size_class",
        "reference_age",
        "compared",
        as_of="date",
        median_of_ten=lambda row: ibis.ifelse(
            (row.compared >= ENOUGH) & (row["median"] >= LEAST_MEDIAN), row["median"], ibis.null("float64")
        ),
    )


METRIC = Metric(
    id="relative-adoption",
    title="Relative adoption",
    question="Which models do well for their size and age?",
    definition=(
        "All downloads of a model up to as_of, divided by the median of the ten most downloaded models of the same "
        "size class at the same age. Above 1, a model is on course to be among the most downloaded of its size. "
        f"Ages compared are {', '.join(str(age) for age in AGES[:-1])} and {AGES[-1]} days: at each report date a "
        "model stands at the nearest of these if its age is within 20% of it, else it has no row. The ten are those "
        "with most downloads at that age of all that the archive saw at it up to as_of, each as it stood nearest to "
        "the age, the model itself included if it is one of them. The value is empty where the class and age have "
        f"fewer than {ENOUGH} models, since ten of so few are no top, or where the median is below {LEAST_MEDIAN:,}. "
        "It differs from the ATOM Report's Relative Adoption Metric, which follows about 1,500 leading language "
        "models: here "
        "every model of known size counts, ages match only as nearly as the archive has dates, and the size classes "
        f"are this report's. The first {TOP} at every report date, by publisher."
    ),
    unit="ratio",
    columns=(
        "as_of",
        "rank",
        "model_id",
        "organisation",
        "country",
        "family",
        "size_class",
        "age_days",
        "reference_age",
        "downloads",
        "median_of_ten",
        "compared",
        "relative_adoption",
    ),
    own_columns=(
        ("rank", "Position by relative adoption, 1 the highest; empty where there is none."),
        ("model_id", "Repository on the Hub."),
        ("size_class", "Class of size in parameters, as in efficiency."),
        ("age_days", "Days from the model's creation to as_of."),
        ("reference_age", "The age in days at which it is compared."),
        ("downloads", "All downloads of the model since its creation."),
        ("median_of_ten", "Median downloads of the ten most downloaded of its class at this age; empty if no measure."),
        ("compared", "How many models of its class the archive saw at this age, itself included."),
        ("relative_adoption", "downloads divided by median_of_ten."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "The ages of the ten may be up to 20% above or below the age compared, and so may the model's own: with "
        "monthly snapshots a model caught late in its bracket looks better than one caught early.",
        "The ten are drawn from what the archive has seen at that age; models that were that old before the archive "
        "begins, and models outside a selection, are missing among them.",
        "Re-uploads and quantised copies count as models of their publisher.",
    ),
    source="After the ATOM Report (arXiv 2604.07190), its Relative Adoption Metric.",
    compute=compute,
)
