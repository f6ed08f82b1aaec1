"""How large are the models that are downloaded, and how many of them are made to run cheaply?"""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import cohort_by
from generator.traits.sizes import SIZE_CLASSES, SMALL_BOUND, UNKNOWN, sizes

WITHIN = ("as_of", "window_months", "window_start", "basis")
ALL = "all"
ORDER = (ALL, *(label for label, _ in SIZE_CLASSES), UNKNOWN)

SHARE_COLUMNS = (
    "known_share",
    "known_models_share",
    "under_10b_share",
    "quantised_share",
    "moe_share",
    "distilled_share",
    "median_parameters",
    "mean_parameters",
)
SHARE_DESCRIPTIONS = (
    ("known_share", "Fraction of the row's downloads whose model's number of parameters is known."),
    ("known_models_share", "Fraction of the row's models whose number of parameters is known."),
    ("under_10b_share", "Fraction of the row's downloads of models known to have under 10 billion parameters."),
    ("quantised_share", "Fraction of the row's downloads that went to models with weights of 8 bits or fewer."),
    ("moe_share", "Fraction of the row's downloads that went to mixtures of experts."),
    ("distilled_share", "Fraction of the row's downloads that went to models that say they are distilled."),
    ("median_parameters", "Median number of parameters over the row's models where it is known, each counting once."),
    ("mean_parameters", "Mean number of parameters where it is known, each model weighted by its downloads."),
)  # fmt: skip
SIZE_CAVEATS = (
    "Sizes are of the repository's own files: an adapter counts with its own few weights, not with its base model's.",
    "A mixture of experts is classed by all its parameters; those active for each token are far fewer.",
    "Quantised, mixture of experts and distilled are what names, tags, declared relations and stored data types say: "
    "who keeps silent is not counted, so these shares are lower bounds. A model published in FP8 from the start "
    "counts as quantised.",
    "A figure taken from a name is rounded by whoever chose the name.",
)


def compute(flows: Flows) -> Table:
    """The cohort's downloads by size class, with one row over all classes, at every report date."""
    rows = new_by_size(flows)
    both = ibis.union(rows, rows.mutate(size_class=ibis.literal(ALL)))
    summed = summary(both, (*WITHIN, "size_class"))
    whole = summed.downloads.sum(where=summed.size_class == ALL).over(ibis.window(group_by=list(WITHIN)))
    shared = summed.mutate(
        share=ibis.ifelse(whole > 0, summed.downloads / whole, ibis.null("float64")),
        place=ibis.cases(*((summed.size_class == label, place) for place, label in enumerate(ORDER))),
    )
    return shared.order_by(["as_of", "window_months", "basis", "place"]).select(*METRIC.columns)


def new_by_size(flows: Flows) -> Table:
    """New models by the traits of size and efficiency, as :func:`generator.sums.cohort_by` has them."""
    traits = sizes(flows.data).select("model", "parameters", "size_class", "is_quantised", "is_moe", "is_distilled")
    return cohort_by(flows, "new_by_size", traits)


def summary(rows: Table, by: Sequence[str]) -> Table:
    """Downloads, models and :data:`SHARE_COLUMNS` of each group; shares are null where it has no downloads.

    Args:
        rows: as :func:`new_by_size` has them, with the columns ``by``.
        by: the columns that identify a group.
    """
    known = rows.parameters.notnull()
    known_models = rows.models.sum(where=known).fill_null(0).cast("int64")
    weight = ibis.ifelse(known, rows.downloads, 0).cast("float64")
    summed = rows.group_by(list(by)).aggregate(
        downloads=rows.downloads.sum().cast("int64"),
        models=rows.models.sum().cast("int64"),
        known_downloads=weight.sum(),
        known_models=known_models,
        under_10b=rows.downloads.sum(where=rows.parameters < SMALL_BOUND).fill_null(0),
        quantised=rows.downloads.sum(where=rows.is_quantised).fill_null(0),
        moe=rows.downloads.sum(where=rows.is_moe).fill_null(0),
        distilled=rows.downloads.sum(where=rows.is_distilled).fill_null(0),
        # As a product of whole numbers this would overflow 64 bits.
        weighted=(rows.parameters.fill_null(0).cast("float64") * weight).sum(),
    )

    summed = _with_medians(summed, rows, by)

    def part(name: str) -> ibis.Value:
        return ibis.ifelse(summed.downloads > 0, summed[name] / summed.downloads, ibis.null("float64"))

    return summed.mutate(
        known_share=part("known_downloads"),
        known_models_share=summed.known_models / summed.models,
        under_10b_share=part("under_10b"),
        quantised_share=part("quantised"),
        moe_share=part("moe"),
        distilled_share=part("distilled"),
        mean_parameters=ibis.ifelse(
            summed.known_downloads > 0, (summed.weighted / summed.known_downloads).round(0), ibis.null("int64")
        ),
    )


def _with_medians(summed: Table, rows: Table, by: Sequence[str]) -> Table:
    """``summed`` with the median of the known parameters of each group, null where none is known.

    An engine's own median holds all its values; few models differ in size, so that they can be counted instead.
    """
    keys = [name for name in by if name != "window_start"]
    known = rows.filter(rows.parameters.notnull())
    counted = known.group_by([*keys, "parameters"]).aggregate(alike=known.models.sum().cast("int64"))
    rising = ibis.window(group_by=keys, order_by="parameters", preceding=None, following=0)
    placed = counted.mutate(
        last=counted.alike.sum().over(rising), known=counted.alike.sum().over(ibis.window(group_by=keys))
    )
    # Of an even number the two in the middle; of an odd one the same twice.
    middle = placed.group_by(keys).aggregate(
        lower=placed.parameters.min(where=placed["last"] * 2 >= placed.known),
        upper=placed.parameters.min(where=placed["last"] * 2 > placed.known),
    )
    medians = middle.select(*keys, median_parameters=((middle.lower + middle.upper) / 2.0).round(0))
    return summed.left_join(medians, keys).select(*summed.columns, "median_parameters")


METRIC = Metric(
    id="efficiency",
    title="Downloads of new models by size and efficiency",
    question="Are the models that the world takes up small and cheap to run?",
    definition=(
        "Downloads of the models created in the 365 days up to as_of, by number of parameters, divided by the "
        "downloads of all such models, those of unknown size included. Parameters are what the Hub reads from "
        "safetensors headers (packed low-bit weights counted as what they hold, checked against the name), else from "
        "GGUF headers, else what the name states. Classes include their lower bound: "
        + ", ".join(label for label, _ in SIZE_CLASSES)
        + "; the row all is their sum. Quantised: the weights are in 8 bits or fewer, by data type, name, tag or "
        "declared relation. Mixture of experts and distilled: by name and tags."
    ),
    unit="fraction of downloads; parameters",
    columns=(*WITHIN, "size_class", "downloads", "models", "share", *SHARE_COLUMNS),
    own_columns=(
        ("size_class", "Class of size in parameters, unknown, or all for the sum of the classes."),
        *SHARE_DESCRIPTIONS,
    ),
    caveats=(*USUAL_CAVEATS, *SIZE_CAVEATS),
    source=(
        "After the MIT / Hugging Face study of November 2025, which followed mean size, quantisation and mixtures of "
        "experts; the rules are this report's own."
    ),
    compute=compute,
)
