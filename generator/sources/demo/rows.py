"""The columns of a snapshot that do not change from one to the next."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from generator.snapshot import SCHEMA
from generator.sources.demo.arrays import Ints
from generator.sources.demo.developers import developers
from generator.sources.demo.faults import Faults
from generator.sources.demo.lineage import RELATIONS
from generator.sources.demo.models import Models
from generator.sources.demo.plan import FLOOR_DAY
from generator.sources.demo.traits import SIZES

_COUNTED_COLUMNS = frozenset(
    {"created_at", "last_modified", "downloads_30d", "downloads_all_time", "likes", "trending_score"}
)
_FIXED_COLUMNS = tuple(name for name in SCHEMA.names if name not in _COUNTED_COLUMNS)


def fixed_rows(random: np.random.Generator, models: Models, faults: Faults) -> tuple[pa.Table, Ints]:
    """Build what does not change with time, one row an id that ever was, sorted by it.

    Returns:
        The table, with ``modified_later`` (last change, if it has come by then) and ``like_rate`` beside the
        snapshot's columns; and each row's position among the models.
    """
    everybody = developers()
    nobody = len(everybody)
    count = len(models.created)
    sizes = np.array(list(SIZES.values()))[models.size]
    parameters = np.rint(sizes * (1 + random.random(count) / 20) * 1e6).astype(np.int64) * 1000
    chance = random.random((5, count))
    created = models.created * 86400 + models.second_of_day
    later = created + np.rint(random.random(count) ** 2 * 200 * 86400).astype(np.int64)
    columns: dict[str, list[Any]] = {name: [] for name in _FIXED_COLUMNS}
    for model, name in enumerate(models.ids):
        maker, kind = int(models.developer[model]), int(models.relation[model])
        lab = everybody[maker] if maker < nobody and kind != 2 and models.created[model] > FLOOR_DAY else None
        bases = [models.ids[base] for base in (models.parent[model], models.second[model]) if base >= 0]
        if model in models.bases:
            bases = [models.bases[model]]
        gguf = "-gguf-" in name
        own = int(parameters[model]) // (100 if kind == RELATIONS.index("adapter") else 1)
        known = None if gguf or chance[0, model] < 0.12 else own
        disclosure = lab.discloses if lab else (0.05 if kind == 2 else 0.45)
        facts: dict[str, Any] = {
            "model_id": name,
            "author": name.split("/")[0],
            "pipeline_tag": models.tasks[model],
            "library_name": models.libraries[model],
            "license": models.licenses[model],
            "gated": _gate(chance[1, model], lab.gated if lab else 0.02),
            "base_models": bases or None,
            "base_relation": RELATIONS[kind] if bases else None,
            "parameters": known,
            "parameters_by_dtype": _by_dtype(known, "-awq-" in name, bool(models.created[model] == FLOOR_DAY)),
            "gguf_architecture": name.split("/simulated-")[1].split("-")[0] if gguf else None,
            "gguf_parameters": own if gguf else None,
        }
        facts["tags"] = _tags(facts, chance[2, model] < disclosure)
        for column, value in facts.items():
            columns[column].append(value)
    order = np.array(sorted(range(count), key=models.ids.__getitem__))
    table = pa.table({column: pa.array(values, SCHEMA.field(column).type) for column, values in columns.items()})
    table = table.append_column("created_at", pa.array(created).cast(pa.timestamp("s")))
    table = table.append_column("modified_later", pa.array(later).cast(pa.timestamp("s")))
    rate = np.where(models.developer < nobody, 0.3, 0.08) * (0.5 + chance[3])
    table = table.append_column("like_rate", pa.array(np.rint(rate * 1000) / 1000))
    table = table.take(pa.array(order))
    if faults.renamed < 0:
        return table, order
    old_id, ids = models.ids[faults.renamed], table["model_id"].to_pylist()
    again = table.slice(ids.index(old_id), 1)
    again = again.set_column(again.schema.get_field_index("model_id"), "model_id", pa.array([faults.new_id]))
    both = pa.concat_tables([table, again])
    position = np.r_[order, faults.renamed]
    places = np.array(sorted(range(len(position)), key=both["model_id"].to_pylist().__getitem__))
    return both.take(pa.array(places)).combine_chunks(), position[places]


def _gate(chance: float, part: float) -> str:
    if chance >= part:
        return "no"
    return "manual" if chance < part * 0.4 else "auto"


def _by_dtype(parameters: int | None, packed: bool, old: bool) -> str | None:
    if parameters is None:
        return None
    if packed:
        return json.dumps({"F16": parameters - parameters * 4 // 5, "I32": parameters * 4 // 5})
    return json.dumps({"F32" if old else "BF16": parameters})


def _tags(facts: dict[str, Any], disclosed: bool) -> list[str]:
    """The tags that the Hub would derive from the other columns, in its manner."""
    bases = facts["base_models"] or []
    tags = [facts["library_name"], facts["pipeline_tag"]]
    tags += ["gguf"] if facts["gguf_parameters"] is not None and facts["library_name"] != "gguf" else []
    tags += ["dataset:sim-data/simulated-corpus"] if disclosed else []
    tags += [f"base_model:{base}" for base in bases]
    tags += [f"base_model:{facts['base_relation']}:{base}" for base in bases]
    tags += [f"license:{facts['license']}" if facts["license"] else None, "region:us"]
    return [tag for tag in tags if tag]
