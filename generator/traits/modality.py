"""What a model reads and writes: its task, and the group of tasks that we call its modality."""

from pathlib import Path
from typing import Literal, get_args

import ibis
from ibis.expr.types import StringValue, Table
from pydantic import BaseModel, ConfigDict, Field

from generator import checked_rows
from generator.dataset import Dataset
from generator.engines import kept
from generator.errors import ReportError

TABLE = "model_modalities"
TASKS = Path(__file__).parent / "modalities.csv"

Group = Literal["text", "embedding", "image", "video", "audio", "multimodal", "other"]
UNKNOWN = "unknown"

MODALITIES: tuple[str, ...] = (*get_args(Group), UNKNOWN)
"""The groups, in the order of print.

``text``: reads and writes text. ``embedding``: turns text into vectors or ranks it. ``image``: makes or reads images,
3D included. ``video``: makes or classifies video. ``audio``: speech, sound and music. ``multimodal``: a language model
that also reads images, video or sound. ``other``: tables, time series, robots, games, graphs, molecules. ``unknown``:
no task is stated, or one that the table does not list.
"""

VIDEO_TASKS = ("text-to-video", "image-to-video", "image-text-to-video", "video-to-video")
"""The tasks whose output is video."""

LIBRARIES: dict[str, Group] = {
    "sentence-transformers": "embedding",
    "spacy": "text",
    "flair": "text",
    "stanza": "text",
    "setfit": "text",
    "span-marker": "text",
    "gliner": "text",
    "timm": "image",
    "open_clip": "image",
    "ultralytics": "image",
    "speechbrain": "audio",
    "espnet": "audio",
    "pyannote-audio": "audio",
    "stable-baselines3": "other",
    "ml-agents": "other",
    "sample-factory": "other",
    "lerobot": "other",
}
"""Libraries that serve one modality alone. Those that serve several (transformers, diffusers, peft) tell nothing."""


class Task(BaseModel):
    """One row of the table: a task by the Hub's identifier, its modality, and whether its name among tags tells it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline_tag: str = Field(min_length=1, pattern=r"^[a-z0-9-]+$")
    modality: Group
    in_tags: Literal["yes", "no"]
    note: str


def load(path: Path = TASKS) -> list[Task]:
    """Read and check the table of tasks.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema, or a task that is listed
            twice.
    """
    tasks: dict[str, Task] = {}
    for line, task in checked_rows.read(path, Task):
        if task.pipeline_tag in tasks:
            raise ReportError(f"{path}, line {line}: task '{task.pipeline_tag}' is listed twice; keep one row.")
        tasks[task.pipeline_tag] = task
    return list(tasks.values())


def modalities(data: Dataset) -> Table:
    """Task and modality of every model, computed once a data set and kept in its engine.

    Returns:
        model, task (as the table lists it, null if none is known) and modality (one of :data:`MODALITIES`).
    """
    return kept(data.backend, TABLE, lambda: data.numbered(classify(data.models, load())))


def classify(models: Table, tasks: list[Task]) -> Table:
    """The expression behind :func:`modalities`.

    Args:
        models: model_id, pipeline_tag, library_name and tags.
        tasks: from :func:`load`.

    The rules, in this order:

    1. The task that the Hub states (``pipeline_tag``), case and blanks at its ends ignored. One that the table does
       not list leaves the model unknown: what it says is not overruled by a guess.
    2. Where it states none: the tasks among the model's tags that the table trusts there. If all are of one
       modality, it is the model's, and the first of them is its task.
    3. Where no tag tells: a library of :data:`LIBRARIES`; the task stays null.
    """
    stated = models.pipeline_tag.strip().lower().nullif("")
    trusted = [task.pipeline_tag for task in tasks if task.in_tags == "yes"]
    lowered = models.select(
        "model_id",
        stated=stated,
        library=models.library_name.strip().lower(),
        # Only the few that state no task are searched.
        tagged=ibis.ifelse(
            stated.isnull(),
            models.tags.map(lambda tag: tag.lower()).filter(lambda tag: tag.isin(trusted)),
            ibis.null("array<string>"),
        ),
    )
    groups = lowered.tagged.map(lambda tag: _modality(tag, tasks)).unique()
    named = lowered.mutate(
        listed=lowered.stated.isin([task.pipeline_tag for task in tasks]).fill_null(False),
        agreed=(groups.length() == 1).fill_null(False),
        silent=(groups.length().fill_null(0) == 0),
    )
    task = ibis.cases(
        (named.listed, named.stated),
        (named.agreed, named.tagged[0]),
        else_=ibis.null("string"),
    )
    by_library = ibis.cases(
        *((named.library == name, group) for name, group in LIBRARIES.items()), else_=ibis.null("string")
    )
    told = named.mutate(task=task, by_library=by_library)
    return told.select(
        "model_id",
        "task",
        modality=ibis.cases(
            (told.task.notnull(), _modality(told.task, tasks)),
            (told.stated.isnull() & told.silent, told.by_library.fill_null(UNKNOWN)),
            else_=UNKNOWN,
        ),
    )


def _modality(task: StringValue, tasks: list[Task]) -> StringValue:
    """The modality of a listed task."""
    groups = get_args(Group)
    return ibis.cases(
        *((task.isin([row.pipeline_tag for row in tasks if row.modality == group]), group) for group in groups),
        else_=UNKNOWN,
    )
