"""What a model says of itself: its size, task, licence, library and name."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from generator.sources.demo.arrays import Bools, Floats, Ints
from generator.sources.demo.developers import developers
from generator.sources.demo.lineage import RELATIONS
from generator.sources.demo.plan import date_of, day_number

FLOOR_AUTHORS = {
    "google": ("bert", "fill-mask", "transformers"),
    "microsoft": ("resnet", "image-classification", "transformers"),
    "Salesforce": ("blip", "image-to-text", "transformers"),
    "sim-user-0001": ("minilm", "sentence-similarity", "sentence-transformers"),
    "sim-user-0002": ("wav2vec", "automatic-speech-recognition", "transformers"),
}
"""Publishers of models older than the Hub's records: name stem, task, library."""

TASKS = {
    "text": {"text-generation": 1.0},
    "broad": {
        "text-generation": 0.65,
        "image-text-to-text": 0.2,
        "feature-extraction": 0.08,
        "text-to-image": 0.07,
    },
    "image": {"text-to-image": 0.75, "image-to-image": 0.15, "text-to-video": 0.1},
    "video": {"text-generation": 0.4, "text-to-video": 0.4, "text-to-image": 0.1, "image-to-video": 0.1},
    "audio": {"automatic-speech-recognition": 0.4, "text-to-speech": 0.3, "text-generation": 0.3},
    "embedding": {"feature-extraction": 0.6, "sentence-similarity": 0.25, "text-ranking": 0.15},
    "community": {
        "text-generation": 0.3,
        "text-classification": 0.15,
        "token-classification": 0.08,
        "feature-extraction": 0.1,
        "image-classification": 0.1,
        "text-to-image": 0.1,
        "text-to-video": 0.03,
        "automatic-speech-recognition": 0.07,
        "reinforcement-learning": 0.07,
    },
}
LIBRARIES = {
    "text-to-image": "diffusers",
    "image-to-image": "diffusers",
    "text-to-video": "diffusers",
    "image-to-video": "diffusers",
    "feature-extraction": "sentence-transformers",
    "sentence-similarity": "sentence-transformers",
    "text-ranking": "sentence-transformers",
    "reinforcement-learning": "stable-baselines3",
}
SIZES = {
    "0.5b": 0.5,
    "1.7b": 1.7,
    "4b": 4.0,
    "8b": 8.0,
    "14b": 14.0,
    "32b": 32.0,
    "72b": 72.0,
    "30b-a3b": 30.5,
    "235b-a22b": 235.0,
    "110m": 0.11,
}
"""Size labels, smallest first and mixtures of experts last but the old models' own; billions of parameters.
"""
OLD_SIZE = len(SIZES) - 1

COMMUNITY_LICENSES = ("apache-2.0", "mit", "cc-by-nc-4.0", "openrail")


def draw_sizes(random: np.random.Generator, created: Ints, is_lab: Bools, position: Ints, old: Bools) -> Ints:
    """Positions in :data:`SIZES`; the largest come in reach year by year, a release steps through them."""
    reach = np.where(created < day_number(date(2023, 7, 1)), 5, np.where(created < day_number(date(2025, 3, 1)), 7, 9))
    draw = np.floor(random.random(len(created)) ** 1.5 * reach).astype(np.int64)
    first = np.arange(len(created)) - position
    start = np.where(is_lab, draw[first], draw)
    return np.where(old, OLD_SIZE, np.where(is_lab, (start + position // 2) % reach, start))


def draw_tasks_and_licenses(
    random: np.random.Generator, created: Ints, developer: Ints, is_lab: Bools, old_author: Ints
) -> tuple[list[str | None], list[str | None]]:
    """Task and licence of every model as if it were a root; repositories of a release share their task."""
    everybody = developers()
    old_tasks = [task for _, task, _ in FLOOR_AUTHORS.values()]
    draw, other_draw = random.random(len(created)), random.random(len(created))
    heights = {focus: (list(mix), np.cumsum(list(mix.values()))) for focus, mix in TASKS.items()}
    tasks: list[str | None] = []
    licenses: list[str | None] = []
    release = (-1, -1)
    for model, (maker, day, lab) in enumerate(zip(developer.tolist(), created.tolist(), is_lab.tolist(), strict=True)):
        if model < len(old_author):
            tasks.append(old_tasks[old_author[model]])
        elif lab and (maker, day) == release:
            tasks.append(tasks[-1])
        else:
            names, height = heights[everybody[maker].focus if lab else "community"]
            tasks.append(names[min(int(np.searchsorted(height, draw[model])), len(names) - 1)])
        release = (maker, day)
        if lab:
            licenses.append(everybody[maker].license)
        else:
            choice = int(other_draw[model] * 1.5 * len(COMMUNITY_LICENSES))
            licenses.append(COMMUNITY_LICENSES[choice] if choice < len(COMMUNITY_LICENSES) else None)
    return tasks, licenses


def draw_ids(
    random: np.random.Generator,
    created: Ints,
    developer: Ints,
    is_lab: Bools,
    position: Ints,
    size: Ints,
    relation: Ints,
    root: Ints,
    old_author: Ints,
) -> list[str]:
    """Name every model: who uploads it, and what it says of its root, its size and its kind."""
    everybody = developers()
    sizes = list(SIZES)
    users = max(20, len(created) // 5)
    # Squared, so that a few users upload much and most upload little.
    user = 1 + np.floor(random.random(len(created)) ** 2 * users).astype(np.int64)
    gguf = random.random(len(created)) < 0.7
    old_names = [(author, stem) for author, (stem, _, _) in FLOOR_AUTHORS.items()]
    stems: list[str] = []
    ids: list[str] = []
    event, event_of, month_of = -1, (-1, -1), (-1, "")
    for model in range(len(created)):
        maker, label, kind = int(developer[model]), sizes[size[model]], int(relation[model])
        if model < len(old_author):
            namespace, stem = old_names[old_author[model]]
            name = f"{stem}-{label}-{model:04d}"
        elif is_lab[model]:
            namespace, stem = everybody[maker].namespace, everybody[maker].stem
            month = f"{date_of(created[model]):%Y-%m}"
            if (maker, month) != month_of:
                event = -1
            if (maker, int(created[model])) != event_of:
                event += 1
            event_of, month_of = (maker, int(created[model])), (maker, month)
            variant = "distill" if kind >= 0 else ("base", "instruct")[position[model] % 2]
            name = f"{stem}-{month}-{'abcdefghijklmnopqrstuvwxyz'[event]}-{label}-{variant}"
            if kind >= 0:
                name += f"-{position[model]}"
        else:
            namespace = everybody[maker].namespace if maker < len(everybody) else f"sim-user-{user[model]:04d}"
            stem = stems[root[model]] if root[model] != model else "original"
            suffix = (("gguf" if gguf[model] else "awq") if kind == 2 else RELATIONS[kind]) if kind >= 0 else "new"
            if namespace == "mlx-community":
                suffix = "mlx-4bit"
            name = f"{stem}-{label}-{suffix}-{model:06d}"
        stems.append(stem)
        ids.append(f"{namespace}/simulated-{name}")
    return ids


def choose_libraries(
    tasks: Sequence[str | None], relation: Ints, ids: Sequence[str], chance: Floats
) -> list[str | None]:
    """The library of every model, None for the few that name none."""
    found: list[str | None] = []
    for task, kind, name, draw in zip(tasks, relation.tolist(), ids, chance.tolist(), strict=True):
        if draw > 0.95:
            found.append(None)
        elif kind == RELATIONS.index("adapter"):
            found.append("peft")
        elif "-gguf-" in name or "-mlx-" in name:
            found.append("gguf" if "-gguf-" in name else "mlx")
        else:
            found.append(LIBRARIES.get(task or "", "transformers"))
    return found
