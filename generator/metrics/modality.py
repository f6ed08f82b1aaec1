"""What do new models read and write: text, images, video, sound?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import cohort_by
from generator.traits.modality import MODALITIES, UNKNOWN, modalities

WITHIN = ("as_of", "window_months", "window_start", "basis")
KEYS = ("as_of", "window_months", "basis")
"""What tells one window from another: ``window_start`` follows from these."""
ALL = "all"
ORDER = (ALL, *MODALITIES)

MODALITY_CAVEATS = (
    "A model counts for one task, the one that the Hub states: what else it can do is not seen. A language model that "
    "also reads images is multimodal only if its publisher or the Hub says so.",
    "Adapters and quantised copies count for the task that their own record states, which may be missing or another "
    "than their base model's.",
    "A generator of images or video that is fetched as a single file, or from a repository that re-packs it, may not "
    "count as a download of its maker's, so such models may come off low.",
)
LARGEST_MODEL_SHARE = (
    "largest_model_share",
    "Fraction of the row's downloads that went to its most downloaded model; above 1 where those of others fell.",
)
RULES = (
    "A model's modality follows from its task (pipeline tag) by the table generator/traits/modalities.csv. Where the "
    "Hub states no task, one named among the model's tags counts if no tag contradicts it, else a library that serves "
    "one modality alone; the rest, and tasks that the table does not list, are unknown and stay in."
)


def compute(flows: Flows) -> Table:
    """Downloads and number of new models by modality, with a row over all and one for a modality without models."""
    rows = new_by_modality(flows)
    both = ibis.union(rows, rows.mutate(modality=ibis.literal(ALL)))
    counted = both.group_by([*WITHIN, "modality"]).aggregate(
        downloads=both.downloads.sum().cast("int64"), models=both.models.sum().cast("int64"), largest=both.largest.max()
    )
    groups = ibis.memtable({"modality": list(ORDER), "place": list(range(len(ORDER)))})
    grid = counted.select(*WITHIN).distinct().cross_join(groups)
    found = counted.drop("window_start")
    filled = grid.left_join(found, [*KEYS, "modality"]).select(
        *WITHIN,
        "modality",
        "place",
        "largest",
        downloads=lambda row: row.downloads.fill_null(0),
        models=lambda row: row.models.fill_null(0),
    )
    whole = ibis.window(group_by=list(WITHIN))
    is_all = filled.modality == ALL
    total = filled.downloads.sum(where=is_all).over(whole)
    ranked = ~filled.modality.isin([ALL, UNKNOWN]) & (filled.models > 0)
    by_size = ibis.window(group_by=[*WITHIN, ranked], order_by=[ibis.desc("downloads"), ibis.asc("place")])
    return (
        filled.mutate(
            share=filled.downloads / ibis.ifelse(total > 0, total, ibis.null("int64")).cast("float64"),
            models_share=filled.models / filled.models.sum(where=is_all).over(whole).cast("float64"),
            largest_model_share=ibis.ifelse(
                filled.downloads > 0, filled.largest / filled.downloads.cast("float64"), ibis.null("float64")
            ),
            rank=ibis.ifelse(ranked, (ibis.row_number().over(by_size) + 1).cast("int64"), ibis.null("int64")),
        )
        .order_by(["as_of", "window_months", "basis", "place"])
        .select(*METRIC.columns)
    )


def new_by_modality(flows: Flows) -> Table:
    """New models by task and modality, as :func:`generator.sums.cohort_by` has them."""
    return cohort_by(flows, "new_by_modality", modalities(flows.data))


METRIC = Metric(
    id="modality",
    title="New models by modality",
    question="What do new models read and write: text, images, video, sound?",
    definition=(
        "Downloads and number of the models created in the 365 days up to as_of, by modality, divided by those of all "
        "such models, the ones of unknown modality included. Text: reads and writes text. Embedding: turns text into "
        "vectors or ranks it. Image: makes or reads images, 3D included. Video: makes or classifies video. Audio: "
        "speech, sound and music. Multimodal: a language model that also reads images, video or sound. Other: tables, "
        f"time series, robots, games, graphs, biology. {RULES} Countries play no part, so the table is the same under "
        "both lenses."
    ),
    unit="fraction of downloads; fraction of models",
    columns=(*WITHIN, "rank", "modality", "downloads", "models", "share", "models_share", "largest_model_share"),
    own_columns=(
        ("rank", "Position by downloads, 1 the largest; empty for unknown, for all and for a modality without models."),
        ("modality", "Group of tasks, unknown, or all for the sum of the groups."),
        ("models", "Number of new models of the modality."),
        (
            "share",
            "Fraction of the downloads of new models in the window, those of unknown modality included (0 to 1).",
        ),
        ("models_share", "Fraction of the new models, those of unknown modality included (0 to 1)."),
        LARGEST_MODEL_SHARE,
    ),
    caveats=(*USUAL_CAVEATS, *MODALITY_CAVEATS),
    source=(
        "The tasks and most of their grouping are the Hub's own list; the groups embedding and video are this "
        "report's. After the MIT / Hugging Face study of November 2025, which followed the growth of "
        "multimodal generation."
    ),
    compute=compute,
)
