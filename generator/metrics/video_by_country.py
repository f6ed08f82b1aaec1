"""Who leads in models that generate video?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.modality import LARGEST_MODEL_SHARE, MODALITY_CAVEATS, new_by_modality
from generator.shares import shares
from generator.sums import by_lens
from generator.traits.modality import VIDEO_TASKS

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")
ALL_VIDEO = "all-video"


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of new video models, for each task and for all of them together."""
    new = new_by_modality(flows)
    rows = by_lens(new.filter(new.task.isin(VIDEO_TASKS)))
    both = ibis.union(rows, rows.mutate(task=ibis.literal(ALL_VIDEO)))
    # One row a country for each window, so the keys that are never null are enough to join by.
    keys = ["as_of", "lens", "window_months", "basis", "task", "country"]
    largest = both.group_by(keys).aggregate(largest=both.largest.max())
    return (
        shares(both, (*WITHIN, "task"), "country")
        .inner_join(largest, keys)
        .mutate(
            largest_model_share=lambda row: ibis.ifelse(
                row.downloads > 0, row.largest / row.downloads.cast("float64"), ibis.null("float64")
            )
        )
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", "window_months", "basis", "task", ibis.asc("rank", nulls_first=False), "country"])
    )


METRIC = Metric(
    id="video-by-country",
    title="New video models by country",
    question="Who leads in AI video generation?",
    definition=(
        "Downloads of the models created in the 365 days up to as_of whose task makes video ("
        + ", ".join(VIDEO_TASKS)
        + "), by the developer's country, divided by those of all such models, unattributed ones included; for each "
        "task, and for all-video, their sum. Where the Hub states no task, one named among the tags counts, as in "
        "modality. Models that classify or describe video are not among them."
    ),
    unit="fraction of the downloads of new video models",
    columns=(
        *WITHIN,
        "task",
        "rank",
        "country",
        "downloads",
        "models",
        "share",
        "lower",
        "upper",
        "largest_model_share",
    ),
    own_columns=(
        ("task", "The task as the Hub names it, or all-video for all tasks that make video."),
        ("share", "Fraction of the downloads of the task's new models, unattributed ones included (0 to 1)."),
        LARGEST_MODEL_SHARE,
    ),
    caveats=(*USUAL_CAVEATS, *MODALITY_CAVEATS),
    source=(
        "This report's own. That one country leads in AI video was said in interviews around the MIT / Hugging Face "
        "study of November 2025, without a published table."
    ),
    compute=compute,
)
