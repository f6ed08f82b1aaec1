"""How long a report of a thousand pages takes, stage by stage.

    python benchmarks/pages.py --pages 1000

The simulated Hub is reported with a page for as many organisations as it takes. Everything is written below
``.cache/benchmark`` and made anew, drawings included; the kept archive and site are left alone.
"""

import argparse
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from generator import leaders

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "benchmark"
OTHER_PAGES = 52
"""About as many pages as the demo has without those of organisations."""


@contextmanager
def timed(stage: str, taken: dict[str, float]) -> Iterator[None]:
    """Take the time of a stage."""
    start, worked = time.perf_counter(), processor()
    yield
    taken[stage] = time.perf_counter() - start
    # On a machine that others use as well, the processor's time says more.
    print(f"{stage:<24}{taken[stage]:8.1f} s{processor() - worked:8.1f} s of processor", flush=True)


def processor() -> float:
    """Seconds that this process and those that it started and ended have worked."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def project() -> Path:
    """A copy of the project without anything generated."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "site_src").mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", FOLDER)
    for name in ("generator", "templates"):
        (FOLDER / name).symlink_to(ROOT / name)
    for name in ("about.md", "images", "javascripts", "stylesheets"):
        (FOLDER / "site_src" / name).symlink_to(ROOT / "site_src" / name)
    return FOLDER


def main() -> None:
    """Measure, and say how many pages there were."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=1000)
    wanted = options.parse_args().pages
    # Before the metrics are imported: their definitions name the number.
    leaders.ORGANISATIONS = wanted - OTHER_PAGES

    from generator import archive, dataset, engines, flows, metrics, recipes, results
    from generator.attribution import attribute
    from generator.build import Project, build_site
    from generator.collection import collect
    from generator.pages import write_pages
    from generator.settings import Settings

    taken: dict[str, float] = {}
    report = Project(project(), Settings(source="demo"))
    with timed("simulated Hub", taken):
        collect(report.archive, "demo", work_folder=report.cache, top=20_000)
    with timed("archive, attribution", taken):
        stored = archive.entries(report.archive)
        data = dataset.load(engines.connect(), stored)
        known = flows.build(data, attribute(data))
    with timed("metrics", taken):
        chosen = metrics.discover()
        queries = results.queries(known, chosen)
        computed = results.compute(known, chosen, [item.manifest for item in stored], queries)
    with timed("SQL and its inputs", taken):
        limit = report.settings.inputs_rows
        written = recipes.write(data.backend, chosen, queries, report.cache / "inputs", limit)
        computed = replace(computed, recipes=written)
    with timed("figures, pages, data", taken):
        pages = write_pages(computed, "CC-BY-4.0", report.site_src, report.cache)
    with timed("MkDocs", taken):
        build_site(report, say=lambda line: None)
    stages = f"{'all':<24}{sum(taken.values()):8.1f} s{processor():8.1f} s of processor"
    print(f"{stages}; {len(pages)} pages, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
