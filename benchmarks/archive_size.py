"""How many bytes a month of the whole Hub takes in the archive, and in which columns.

A made-up month with the entropy of the real one: three million ids, most of them unique words, numbers and
hashes; creation to the second; long-tailed counters; the tags that the Hub writes by itself beside those that people
write. Nothing in it is repeated to make it small. Run ``python benchmarks/archive_size.py [rows]``.
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generator import archive
from generator.snapshot import SCHEMA, Provenance, Snapshot

MONTH = date(2026, 10, 31)
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz0123456789"))
HEX = np.array(list("0123456789abcdef"))
ARCHITECTURES = ("llama", "qwen2", "qwen3", "mistral", "gemma2", "bert", "roberta", "t5", "gpt2", "whisper", "phi3")
TASKS = (
    *("text-generation", "text-classification", "text-to-image", "reinforcement-learning", "fill-mask"),
    *("automatic-speech-recognition", "image-classification", "token-classification", "sentence-similarity"),
)
LICENCES = ("apache-2.0", "mit", "llama3.1", "cc-by-nc-4.0", "gemma", "openrail", "other", "creativeml-openrail-m")
WORDS = (
    *("trl", "sft", "lora", "unsloth", "generated_from_trainer", "conversational", "tensorboard", "gguf", "en", "zh"),
    *("autotrain_compatible", "text-generation-inference", "endpoints_compatible", "peft", "onnx", "mlx"),
)


def month(rows: int, seed: int = 0) -> pa.Table:
    """A snapshot of ``rows`` models in the columns of the contract, sorted by id."""
    random = np.random.default_rng(seed)
    authors = _words(random, max(rows // 4, 1), 5, 14)
    # A few publish thousands, most one or two.
    owner = np.minimum((random.pareto(1.1, rows) * rows / 400).astype(int), len(authors) - 1)
    owner = random.permutation(len(authors))[owner]
    names = _words(random, len(authors), 8, 22)
    bases = np.array([f"{author}/{name}" for author, name in zip(authors, names, strict=True)])
    bases = bases[: max(rows // 20, 1)]
    # Three in four name a well-known base, the others any.
    known = np.minimum((random.pareto(0.7, rows) * 12).astype(int), len(bases) - 1)
    base = np.where(random.random(rows) < 0.75, known, random.integers(0, len(bases), rows))
    has_base = random.random(rows) < 0.55
    names = _names(random, rows, np.where(has_base, np.char.partition(bases[base], "/")[:, 2], ""))
    ids = np.array([f"{authors[who]}/{name}" for who, name in zip(owner, names, strict=True)])
    ids = np.unique(ids)
    n = len(ids)
    base, has_base = base[:n], has_base[:n]
    now = np.datetime64(MONTH, "s").astype(np.int64)
    created = now - (random.beta(1, 2.2, n) * 4.5 * 365 * 86400).astype(np.int64)
    # Half are never touched again after their upload, the others some time later.
    later = np.where(random.random(n) < 0.6, random.exponential(2000, n), random.random(n) ** 3 * (now - created))
    month_downloads = np.floor(random.pareto(0.9, n) * 2).clip(0, 3e8).astype(np.int64)
    month_downloads[random.random(n) < 0.35] = 0
    ever = month_downloads * random.integers(1, 20, n) + np.floor(random.pareto(0.8, n) * 12).clip(0, 1e9).astype(
        np.int64
    )
    architecture = np.array(ARCHITECTURES)[_zipf(random, n, len(ARCHITECTURES))]
    task = np.array(TASKS)[_zipf(random, n, len(TASKS))]
    licence = np.array(LICENCES)[_zipf(random, n, len(LICENCES))]
    licensed, tasked = random.random(n) < 0.35, random.random(n) < 0.6
    library = np.array(["transformers", "diffusers", "peft", "stable-baselines3", "gguf"])[_zipf(random, n, 5)]
    relation = np.array(["finetune", "adapter", "quantized", "merge"])[_zipf(random, n, 4)]
    sized = random.random(n) < 0.45
    common = np.array(
        [7_615_616_512, 8_030_261_248, 1_543_714_304, 494_032_768, 109_483_778, 3_085_938_688, 66_955_010]
    )
    parameters = np.where(random.random(n) < 0.8, common[_zipf(random, n, len(common))], random.integers(1e6, 9e9, n))
    datasets = _words(random, max(n // 60, 1), 8, 26)
    cut = {
        "arxiv": random.random(n) < 0.2,
        "dataset": random.random(n) < 0.12,
        "own": random.random(n) < 0.15,
    }
    own = _words(random, max(n // 10, 1), 4, 14)
    chosen = random.integers(0, len(WORDS), (n, 4))
    cited = random.integers((2301, 1, 0), (2312, 19_000, 10**9), (n, 3))
    tags = [
        _tags(
            architecture[i], task[i] if tasked[i] else None, licence[i] if licensed[i] else None,
            str(bases[base[i]]) if has_base[i] else None, relation[i], library[i],
            [WORDS[j] for j in np.unique(words)],
            f"arxiv:{papers[0]:04d}.{papers[1]:05d}" if cut["arxiv"][i] else None,
            f"dataset:{datasets[papers[2] % len(datasets)]}" if cut["dataset"][i] else None,
            own[papers[2] % len(own)] if cut["own"][i] else None,
        )
        for i, (words, papers) in enumerate(zip(chosen, cited, strict=True))
    ]  # fmt: skip
    columns = {
        "model_id": ids.tolist(),
        "author": [text.split("/")[0] for text in ids.tolist()],
        "created_at": pa.array(created, pa.timestamp("s")),
        "last_modified": pa.array(np.minimum(created + later.astype(np.int64), now), pa.timestamp("s")),
        "downloads_30d": month_downloads,
        "downloads_all_time": np.maximum(ever, month_downloads),
        "likes": np.floor(random.pareto(1.6, n) * 0.35).astype(np.int64),
        "trending_score": np.where(random.random(n) < 0.004, random.integers(1, 60, n), 0).astype(float),
        "pipeline_tag": _where(task, tasked),
        "library_name": _where(library, random.random(n) < 0.75),
        "license": _where(licence, licensed),
        "gated": np.where(random.random(n) < 0.97, "no", "auto").tolist(),
        "tags": tags,
        "base_models": [[str(bases[b])] if has else [] for b, has in zip(base, has_base, strict=True)],
        "base_relation": _where(relation, has_base),
        "parameters": pa.array(parameters, mask=~sized),
        "parameters_by_dtype": [
            f'{{"BF16":{size}}}' if has else None for size, has in zip(parameters.tolist(), sized, strict=True)
        ],
        "gguf_architecture": _where(architecture, random.random(n) < 0.06),
        "gguf_parameters": pa.array(parameters, mask=random.random(n) > 0.06),
    }
    return pa.table([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _words(random: np.random.Generator, number: int, shortest: int, longest: int) -> np.ndarray:
    """Words of random letters and numbers, each of its own length."""
    lengths = random.integers(shortest, longest + 1, number)
    letters = LETTERS[random.integers(0, len(LETTERS), int(lengths.sum()))]
    joined, ends = "".join(letters), np.cumsum(lengths)
    return np.array([joined[end - length : end] for end, length in zip(ends, lengths, strict=True)])


def _names(random: np.random.Generator, rows: int, base: np.ndarray) -> list[str]:
    """Names as on the Hub: after the base with a suffix, in words of one's own, or a hash."""
    suffix, word = _words(random, rows, 3, 9), _words(random, rows, 7, 20)
    digits = HEX[random.integers(0, 16, (rows, 32))]
    kind = random.random(rows)
    return [
        f"{''.join(digits[i, :8])}-{''.join(digits[i, 8:12])}-{''.join(digits[i, 12:16])}-{''.join(digits[i, 16:])}"
        if kind[i] < 0.1
        else f"{base[i]}-{suffix[i]}" if base[i] and kind[i] < 0.75
        else f"ppo-LunarLander-v{suffix[i]}" if kind[i] < 0.8
        else word[i]
        for i in range(rows)
    ]  # fmt: skip


def _zipf(random: np.random.Generator, rows: int, kinds: int) -> np.ndarray:
    weights = 1 / np.arange(1, kinds + 1)
    return random.choice(kinds, rows, p=weights / weights.sum())


def _where(values: np.ndarray, present: np.ndarray) -> list[str | None]:
    return [str(value) if has else None for value, has in zip(values, present, strict=True)]


def _tags(architecture, task, licence, base, relation, library, words, paper, dataset, own) -> list[str]:  # type: ignore[no-untyped-def]
    found = [library, "safetensors", architecture, *words]
    found += [task] if task else []
    found += [paper] if paper else []
    found += [dataset] if dataset else []
    found += [own] if own else []
    found += [f"base_model:{base}", f"base_model:{relation}:{base}"] if base else []
    found += [f"license:{licence}"] if licence else []
    return [*(str(tag) for tag in found), "region:us"]


def main(rows: int) -> None:
    """Write a month and print what it takes."""
    models = month(rows)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        archive.add(Path(folder), Snapshot(MONTH, models, Provenance("file", "made up", datetime.now(UTC), True)))
        (stored,) = archive.entries(Path(folder))
        took = time.perf_counter() - began
        print(f"{stored.manifest.rows:,} models: {stored.manifest.bytes / 1e6:.1f} MB, written in {took:.0f} s")
        sizes: dict[str, int] = {}
        metadata = pq.read_metadata(stored.data)
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                column = metadata.row_group(group).column(place)
                name = column.path_in_schema.split(".")[0]
                sizes[name] = sizes.get(name, 0) + column.total_compressed_size
        for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
            print(f"{name:<22}{size / 1e6:>8.1f} MB{size / stored.manifest.rows:>8.2f} bytes a model")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000)
