"""How time and memory grow with the archive: the metrics of the report, and its headline written by hand.

    python benchmarks/scaling.py --rows 18000000 60000000 180000000 --into docs/benchmarks.md

For each size an archive of sixty months is written below ``.cache/scale`` (and kept there), and these are run one
after the other, each in a process of its own:

- ``headline``: new-model-share-by-country, all-downloads-share-by-country and the sums by family, from the archive's
  files to the tables, by the report's own code; which models there are, whose they are and which snapshots count is
  given to the other two, so that finding it out is not counted;
- ``polars``: the same three by hand, by the same plan;
- ``pandas``: the same three by hand, window by window;
- ``suite``: every metric, attribution and all;
- ``one-more``: the same where a run with a snapshot less has kept what one more cannot change.

The tables of the three have to be equal, or nothing is reported.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import ibis
import pandas as pd

from generator import archive, dataset, engines, flows, metrics, results, sums
from generator.attribution import attribute
from generator.metrics import all_downloads_share_by_country, new_model_share_by_country
from generator.settings import MEMORY

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "scale"
MONTHS = 60
BY_HAND = ("polars", "pandas")
ONE_LESS, ONE_MORE = "one-less", "one-more"
WAYS = ("headline", *BY_HAND, "suite", ONE_MORE)
NO_LIMIT = ""
LONGEST_S = 7200
GIVEN = ("_names", "_attributes", "_snapshots")
"""What the versions by hand are given the outcome of: models and their numbers, and which snapshots count."""
KEYS = ["as_of", "window_months", "basis", "lens", "reading"]
MARKS = ("<!-- measured -->", "<!-- /measured -->")


@dataclass(frozen=True)
class Run:
    """One way to compute at one size: wall-clock seconds and the most memory held; null where it did not end.

    ``memory`` is the limit that the report's engine had; versions by hand have none.
    """

    rows: int
    way: str
    memory: str
    seconds: float | None
    peak_mb: int | None
    stages: Mapping[str, float]


def main() -> None:
    """Run everything, print the table, and write it into a page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, nargs="+", default=[18_000_000, 60_000_000, 180_000_000])
    options.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options.add_argument("--memory", nargs="+", default=[MEMORY], help="limits for the report's engine, each tried")
    options.add_argument("--into", type=Path)
    options.add_argument("--worker", nargs=3, metavar=("WAY", "ARCHIVE", "MEMORY"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker:
        way, folder, memory = given.worker
        work(way, Path(folder), memory)
        return
    kept = FOLDER / "runs.json"
    runs = [Run(**run) for run in json.loads(kept.read_text())] if kept.exists() else []
    found = {(run.rows, run.way, run.memory): run for run in runs}
    for rows in given.rows:
        folder = made(rows)
        limited = [(way, memory) for way in given.ways for memory in ([NO_LIMIT] if way in BY_HAND else given.memory)]
        for way, memory in limited:
            run = measured(way, folder, rows, memory)
            found[rows, way, memory] = run
            print(f"{rows:>12,} {way:<10}{run.seconds or float('nan'):8.1f} s{run.peak_mb or 0:8,} MB", flush=True)
            kept.write_text(json.dumps([asdict(one) for one in found.values()], indent=1))
        equal(folder)
    table = written(list(found.values()))
    print(table)
    if given.into:
        page = given.into.read_text(encoding="utf-8")
        start, end = (re.escape(mark) for mark in MARKS)
        page = re.sub(f"{start}.*{end}", lambda _: f"{MARKS[0]}\n{table}\n{MARKS[1]}", page, flags=re.S)
        given.into.write_text(page, encoding="utf-8")


def made(rows: int) -> Path:
    """The archive of a size, written if it is not there."""
    folder = FOLDER / str(rows)
    if not (folder / "whole").exists():
        command = [sys.executable, ROOT / "benchmarks" / "scale.py", "--models", str(rows // MONTHS)]
        subprocess.run([*command, "--months", str(MONTHS), "--into", folder], check=True)
        (folder / "whole").touch()
    return folder


def measured(way: str, folder: Path, rows: int, memory: str) -> Run:
    """Run one way in a process of its own."""
    if way == ONE_MORE:
        shutil.rmtree(_settled(folder), ignore_errors=True)
        measured(ONE_LESS, folder, rows, memory)
    into = folder.with_name(f"{folder.name}-{way}")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    given = folder.with_name(f"{folder.name}-given")
    start = time.perf_counter()
    if way in BY_HAND:
        command = [sys.executable, str(ROOT / "benchmarks" / f"headline_{way}.py"), str(folder), str(given), str(into)]
    else:
        command = [sys.executable, str(Path(__file__)), "--worker", way, str(folder), memory]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        if time.perf_counter() - start > LONGEST_S:
            process.kill()
        time.sleep(0.05)
    seconds, stages = time.perf_counter() - start, {}
    if status:
        return Run(rows, way, memory, None, None, {})
    if (into / "stages.json").exists():
        stages = json.loads((into / "stages.json").read_text())
        # Starting Python and reading the code is counted for all three.
        seconds -= stages.get("not counted", 0.0)
    return Run(rows, way, memory, seconds, used.ru_maxrss // 1024, stages)


def work(way: str, folder: Path, memory: str) -> None:
    """The report's own metrics on an archive, stage by stage."""
    into = folder.with_name(f"{folder.name}-{way}")
    stages: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        stages[stage] = stages.get(stage, 0.0) + time.perf_counter() - start
        print(f"  {stage:<40}{stages[stage]:8.1f} s{_peak():8,} MB", flush=True)

    def timing(name: str) -> None:
        made = getattr(dataset, name)

        def timed_one(*given: object) -> ibis.Table:
            with timed(f"of it {name.removeprefix('_')}"):
                return made(*given)

        setattr(dataset, name, timed_one)

    for name in GIVEN:
        timing(name)
    stored = archive.entries(folder)
    if way == ONE_LESS:
        stored.remove(max(stored, key=lambda entry: entry.manifest.as_of))
    settled = _settled(folder) if way in (ONE_LESS, ONE_MORE) else None
    with engines.working("duckdb", into / "tables", memory) as backend:
        with timed("archive read"):
            data = dataset.load(backend, stored, settled)
        with timed("attribution"):
            attributed = attribute(data)
        with timed("flows"):
            flowed = flows.build(data, attributed)
        with timed("market"):
            sums.market(flowed)
        if way == "headline":
            with timed("three metrics"):
                _write(_headline(flowed), into)
            of_it = (f"of it {name.removeprefix('_')}" for name in GIVEN)
            stages["not counted"] = sum(map(stages.__getitem__, of_it)) + stages["attribution"]
            if not folder.with_name(f"{folder.name}-given").exists():
                with timed("not counted"):
                    _give(flowed, folder.with_name(f"{folder.name}-given"))
        else:
            known = {name: metric for name, metric in metrics.discover().items() if not metric.data}
            for name, metric in known.items():
                with timed(name):
                    results.frame(*results.queries(flowed, {name: metric}).values())
    (into / "stages.json").write_text(json.dumps(stages))


def _settled(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-settled")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _headline(flowed: flows.Flows) -> dict[str, pd.DataFrame]:
    market = sums.market(flowed)
    families = market.filter(market.models > 0).group_by([*flows.WINDOW, "family"])
    return {
        "all": all_downloads_share_by_country.compute(flowed).to_pandas(),
        "new": new_model_share_by_country.compute(flowed).to_pandas(),
        "families": families.aggregate(downloads=market.downloads.sum(), models=market.models.sum()).to_pandas(),
    }


def _write(tables: Mapping[str, pd.DataFrame], into: Path) -> None:
    for name, table in tables.items():
        table.to_parquet(into / f"{name}.parquet")


def _give(flowed: flows.Flows, folder: Path) -> None:
    """What the versions by hand are given: models with their kinds, kinds, and windows."""
    folder.mkdir()
    models = flowed.attribution.models
    asked = flows.windows_of(flowed.data.report_dates)
    columns = models.select("model_id", "model", "kind", "created_on", born=flows.born(models.created_on, asked))
    for name, rows in {"models": columns, "kinds": flowed.attribution.kinds, "closings": flowed.closings}.items():
        rows.to_parquet(folder / f"{name}.parquet")


def equal(folder: Path) -> None:
    """Hold the tables of the three ways against each other; what did not end is left out."""
    ways = {way: folder.with_name(f"{folder.name}-{way}") for way in ("headline", *BY_HAND)}
    for name in ("all", "new", "families"):
        seen = {
            way: _comparable(path / f"{name}.parquet")
            for way, path in ways.items()
            if (path / f"{name}.parquet").exists()
        }
        for one, other in pairwise(seen.values()):
            pd.testing.assert_frame_equal(one, other, check_dtype=False)


def _comparable(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    frame = frame.rename(columns={"value": "family" if "families" in path.name else "country"})
    of = "family" if "families" in path.name else "country"
    frame[of] = frame[of].astype("string").replace("nan", None).fillna("unassigned")
    frame["window_months"] = frame["window_months"].fillna(0).astype("int64")
    frame["as_of"] = pd.to_datetime(frame["as_of"]).astype("datetime64[s]")
    keys = [name for name in (*KEYS, of) if name in frame]
    return frame.set_index(keys)[["downloads", "models"]].astype("int64").sort_index()


def written(runs: list[Run]) -> str:
    """The runs as a Markdown table."""
    lines = ["| rows | what | limit | seconds | peak MB | a million rows |", "|---:|---|---:|---:|---:|---:|"]
    for run in sorted(runs, key=lambda run: (run.rows, WAYS.index(run.way), run.memory)):
        ended = run.seconds is not None and run.peak_mb is not None
        cells = (
            (f"{run.seconds:,.1f}", f"{run.peak_mb:,}", f"{run.seconds / run.rows * 1e6:.2f} s")
            if ended
            else ("did not end", "", "")
        )
        lines.append(f"| {run.rows:,} | {run.way} | {run.memory} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
