"""Every metric of an archive on DuckDB and on Spark, compared cell by cell.

    python benchmarks/engines.py --archive archive

Counts, sums, texts and dates have to be equal, fractions to nine digits; a table that differs is named, and the exit
code is then 1. Needs the extra ``[spark]`` and Java.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from generator import archive, dataset, engines, flows, metrics, results
from generator.attribution import attribute

RELATIVE = 1e-9


def main() -> None:
    """Compute, compare, and say how long each took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--archive", type=Path, default=Path("archive"))
    options.add_argument("--metric", action="append", help="only these; all by default")
    given = options.parse_args()
    tables = {}
    for engine in engines.ENGINES:
        start = time.perf_counter()
        tables[engine] = computed(engine, given.archive, given.metric)
        print(f"{engine}: {len(tables[engine])} tables in {time.perf_counter() - start:.0f} s", flush=True)
    different = differences(tables["duckdb"], tables["spark"])
    for name, what in different.items():
        print(f"{name}: {what}")
    print(f"{len(tables['duckdb']) - len(different)} of {len(tables['duckdb'])} tables are equal.")
    sys.exit(1 if different else 0)


def computed(engine: str, folder: Path, only: list[str] | None = None) -> dict[str, pd.DataFrame]:
    """Every table of an archive by one engine."""
    with TemporaryDirectory() as work, engines.working(engine, Path(work) / "tables") as backend:
        data = dataset.load(backend, archive.entries(folder))
        flowed = flows.build(data, attribute(data))
        known = {name: metric for name, metric in metrics.discover().items() if not metric.data}
        chosen = {name: metric for name, metric in known.items() if not only or name in only}
        return {name: results.frame(query) for name, query in results.queries(flowed, chosen).items()}


def differences(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> dict[str, str]:
    """By table, in what two engines differ."""
    found = {}
    for name, table in one.items():
        try:
            pd.testing.assert_frame_equal(table, other[name], check_dtype=False, rtol=RELATIVE, atol=RELATIVE)
        except AssertionError as error:
            found[name] = " ".join(str(error).split())[:300]
    return found


if __name__ == "__main__":
    main()
