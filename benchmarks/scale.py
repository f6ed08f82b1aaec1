"""An archive as large as the whole Hub and larger: the simulated Hub, many times over.

    python benchmarks/scale.py --models 3000000 --months 60 --into .cache/scale

The simulated Hub of :mod:`generator.sources.demo` is made once, at the size at which that takes a minute, and each of
its months is written with as many copies of every model as it takes. A copy has its own name, its own owner where
nobody knows the owner, its own bases, and downloads of its own: those of the first, times a factor that stays the same
from month to month. What is true of the simulated Hub's shares stays about true; nothing here is of the real Hub.
"""

import argparse
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from generator import __version__, archive
from generator.archive.manifest import DATA, MANIFEST, SCHEMA_VERSION
from generator.archive.verification import sha256
from generator.snapshot import SCHEMA
from generator.sources import demo

BASE_MODELS = 20_000
LAST = date(2027, 10, 31)
"""The simulation's plan begins in 2022; this many months later lies in the future."""
# Whoever is known keeps the name; everybody else is somebody else in each copy.
OWNER = "if(copy = 0 or name in ({listed}), name, name || '-' || copy)"
RENAMED = "if(copy = 0, id, owner(split_part(id, '/', 1)) || '/' || split_part(id, '/', 2) || '-' || copy)"
FACTOR = "(0.5 + (hash(model_id, copy) % 1000) / 1000.0)"
COPIES = {
    "model_id": "renamed(model_id)",
    "author": "owner(author)",
    "base_models": "list_transform(base_models, lambda base: renamed(base))",
    **{name: f"floor({name} * {FACTOR})::bigint" for name in ("downloads_30d", "downloads_all_time", "likes")},
}


def main() -> None:
    """Write the archive, month by month."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", type=int, default=3_000_000, help="models a month, on average")
    options.add_argument("--months", type=int, default=60)
    options.add_argument("--into", type=Path, required=True)
    given = options.parse_args()
    start, rows = time.perf_counter(), 0
    for as_of, count in write(given.into, given.models, given.months):
        rows += count
        print(f"{as_of} {count:>10,} models{time.perf_counter() - start:8.0f} s", flush=True)
    print(f"{rows:,} rows in {time.perf_counter() - start:.0f} s")


def write(folder: Path, models: int, months: int) -> Iterator[tuple[date, int]]:
    """Write an archive of ``models`` models a month on average, and say of each month how many it holds."""
    base = folder.with_name(f"{folder.name}-base")
    for left in (folder, base):
        shutil.rmtree(left, ignore_errors=True)
    for snapshot in demo.snapshots(demo.Demo(models=BASE_MODELS, months=months, last=LAST)):
        archive.add(base, snapshot)
    stored = archive.entries(base)
    copies = max(1, round(models * len(stored) / sum(entry.manifest.rows for entry in stored)))
    for entry in stored:
        yield entry.manifest.as_of, _copied(entry, folder, copies)
    shutil.rmtree(base)


def _copied(base: archive.Entry, folder: Path, copies: int) -> int:
    target = folder / base.data.parent.name
    target.mkdir(parents=True)
    columns = ", ".join(f"{COPIES.get(name, name)} as {name}" for name in SCHEMA.names)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        listed = ", ".join(f"'{developer.namespace}'" for developer in demo.developers())
        connection.execute(f"create macro owner(name) as {OWNER.format(listed=listed)}")
        connection.execute(f"create macro renamed(id) as {RENAMED}")
        connection.execute(
            f"""
            copy (
                select {columns} from read_parquet('{base.data}') cross join range({copies}) as copies(copy)
                order by copy, model_id
            ) to '{target / DATA}' (format parquet, compression zstd)
            """
        )
    rows = base.manifest.rows * copies
    manifest = base.manifest.model_copy(
        update={
            "schema_version": SCHEMA_VERSION,
            "generator_version": __version__,
            "rows": rows,
            "bytes": (target / DATA).stat().st_size,
            "sha256": sha256(target / DATA),
            "detail": f"{base.manifest.detail} Each model {copies} times.",
            "coverage": {"hub_total_models": rows},
        }
    )
    (target / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return rows


if __name__ == "__main__":
    main()
