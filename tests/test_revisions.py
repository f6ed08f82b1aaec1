"""Revisions: what a later run gives otherwise is written down with its cause, and nothing else is."""

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import projects
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from samples import model, sentence, snapshot

from generator import archive, chapters, dataset, engines, flows, metrics, results, revisions
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.build import Project, build, report
from generator.edition import edition_of
from generator.errors import ReportError
from generator.facts import FactBook
from generator.pages import Page, _environment
from generator.provenance import record
from generator.publish import publish
from generator.results import Results

pytestmark = pytest.mark.slow

HEADLINE = "new-model-share-by-country"
DAYS = [date(2026, 4, 30), date(2026, 5, 31)]
BORN = datetime(2026, 1, 1)
TODAY = date(2026, 6, 7)
METRICS = {
    name: metric for name, metric in metrics.discover().items() if name in (HEADLINE, "top-developers", "overtake")
}


def rows(china: int, states: int) -> list[dict[str, Any]]:
    return [
        model("google/b", downloads_30d=states, downloads_all_time=None, created_at=BORN, author="google"),
        model("qwen/a", downloads_30d=china, downloads_all_time=None, created_at=BORN, author="qwen"),
    ]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    archive.add(folder, snapshot(*rows(600, 400), as_of=DAYS[0]))
    archive.add(folder, snapshot(*rows(700, 300), as_of=DAYS[1]))
    return folder


@pytest.fixture
def registry(organisation: Callable[..., Organisation]) -> list[Organisation]:
    return [organisation("qwen", "CN"), organisation("google", "US")]


@pytest.fixture
def run(kept: Path, registry: list[Organisation]) -> Callable[[], revisions.Comparison]:
    """A run of the report: compute, compare, record."""

    def again() -> revisions.Comparison:
        stored = archive.entries(kept)
        data = dataset.load(engines.connect(), stored)
        manifests = [item.manifest for item in stored]
        computed = results.compute(flows.build(data, attribute(data, registry)), METRICS, manifests)
        found = revisions.compare(kept, computed, manifests, today=TODAY)
        revisions.record(kept, found)
        return found

    return again


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def share(found: pd.DataFrame, country: str, column: str = "share") -> pd.DataFrame:
    return found[
        (found["metric"] == HEADLINE)
        & (found["column"] == column)
        & found["row"].str.endswith(f"country={country}")
        & found["row"].str.contains("reading=cohort, lens=publisher")
    ]


# --- Nothing to revise -------------------------------------------------------------------------------------


def test_the_first_run_publishes_and_revises_nothing(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    assert run().found.empty and revisions.read(kept).empty
    assert tuple(revisions.read(kept).columns) == revisions.COLUMNS
    assert not (kept / revisions.REGISTER).exists()
    assert revisions.published_dates(kept) == DAYS
    assert archive.entries(kept) and archive.status(kept)


def test_the_same_run_again_touches_no_file(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    run()
    before = everything(kept)
    assert run().found.empty
    assert everything(kept) == before


def test_a_new_report_date_is_no_revision(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    run()
    archive.add(kept, snapshot(*rows(800, 200), as_of=date(2026, 6, 30)))
    assert run().found.empty
    assert revisions.published_dates(kept) == [*DAYS, date(2026, 6, 30)]


def test_rounding_is_no_revision_but_small_steps_add_up(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    archive.add(kept, snapshot(*rows(600_000, 400_000), as_of=DAYS[0]), replace=True)
    run()
    for step, revised in ((300, False), (499, False), (501, True), (501, False)):
        archive.add(kept, snapshot(*rows(600_000 + step, 400_000 - step), as_of=DAYS[0]), replace=True)
        found = share(run().found, "CN")
        assert (not found.empty) == revised, step
    assert found.empty and share(revisions.read(kept), "CN")[["old", "new"]].values.tolist() == [[0.6, 0.600501]]


# --- Causes ------------------------------------------------------------------------------------------------


def test_a_replaced_snapshot(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    run()
    archive.add(kept, snapshot(*rows(300, 700), as_of=DAYS[0]), replace=True)
    found = run().found
    cause = "snapshot 2026-04-30 replaced"
    assert set(found["cause"]) == {cause} and set(found["as_of"]) == {DAYS[0]}
    assert share(found, "CN")[["old", "new"]].values.tolist() == [[0.6, 0.3]]
    assert share(found, "CN", "rank")[["old", "new"]].values.tolist() == [[1, 2]]
    written = revisions.read(kept)
    pd.testing.assert_frame_equal(written, found.reset_index(drop=True), check_dtype=False)
    assert set(written["revised_on"]) == {TODAY}
    # The newest published figures count from now on, and what is written stays as it is.
    assert run().found.empty and len(revisions.read(kept)) == len(written)
    text = (kept / revisions.REGISTER).read_bytes()
    archive.add(kept, snapshot(*rows(1, 2), as_of=DAYS[0]), replace=True)
    assert not run().found.empty
    assert (kept / revisions.REGISTER).read_bytes().startswith(text)
    assert share(revisions.read(kept), "CN")["new"].tolist() == [0.3, round(1 / 3, 10)]


def test_the_registry_and_an_organisation_that_appears(
    kept: Path,
    run: Callable[[], revisions.Comparison],
    registry: list[Organisation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run()
    registry.pop()
    hashed = revisions.digest
    changed = lambda patterns: "other" if "attribution/organisations.csv" in patterns else hashed(patterns)  # noqa: E731
    monkeypatch.setattr(revisions, "digest", changed)
    found = run().found
    assert set(found["cause"]) == {"registry changed"} and set(found["as_of"]) == set(DAYS)
    states, unknown = share(found, "US"), share(found, "unattributed")
    assert states["old"].tolist() == [0.4, 0.3] and states["new"].isna().all()
    assert unknown["new"].tolist() == [0.4, 0.3] and unknown["old"].isna().all()
    # A row that is gone stays gone, and is not told again.
    assert run().found.empty


@pytest.mark.parametrize(
    ("before", "now", "cause"),
    [
        ({"snapshot 2026-05-20": "a"}, {"snapshot 2026-05-20": "b"}, "snapshot 2026-05-20 replaced"),
        ({}, {"snapshot 2026-05-20": "b"}, "snapshot 2026-05-20 added"),
        ({"snapshot 2026-05-20": "a"}, {}, "snapshot 2026-05-20 removed"),
        ({"generator version": "1"}, {"generator version": "2"}, "generator version changed (1 to 2)"),
        ({"definitions": "a", "registry": "a"}, {"definitions": "b", "registry": "b"},
         "definitions changed; registry changed"),
        ({"registry": "a"}, {"registry": "a"}, "unexplained: every recorded input is the same"),
    ],
)  # fmt: skip
def test_the_cause_names_every_input_that_differs(before: dict[str, str], now: dict[str, str], cause: str) -> None:
    assert revisions._cause(before, now) == cause


def test_the_inputs_are_recorded(kept: Path) -> None:
    inputs = revisions.inputs_of([item.manifest for item in archive.entries(kept)])
    assert set(inputs) == {
        *(f"snapshot {day}" for day in DAYS),
        *("registry", "classification tables", "definitions", "generator version", "engine"),
    }
    assert all(inputs.values())


def test_a_report_date_that_moves_is_told_once(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    archive.add(kept, snapshot(*rows(500, 500), as_of=date(2026, 6, 10)))
    run()
    archive.add(kept, snapshot(*rows(900, 100), as_of=date(2026, 6, 30)))
    found = run().found
    assert found[["as_of", "metric", "cause"]].values.tolist() == [
        [date(2026, 6, 10), "report-date", "report date moved to 2026-06-30: snapshot 2026-06-30 added"]
    ]
    assert run().found.empty and len(revisions.read(kept)) == 1


# --- What is watched ---------------------------------------------------------------------------------------


def test_every_table_by_date_is_watched(demo_results: Results) -> None:
    found = revisions.figures(demo_results)
    assert not found.duplicated(revisions.CELL).any() and found["value"].notna().all()
    by_date = {name for name, table in demo_results.tables.items() if "as_of" in table and "share" in table}
    assert by_date - {"series-quality"} <= set(found["metric"]) | {
        name for name in by_date if name.startswith("series-")
    }
    assert not [name for name in set(found["metric"]) if name.startswith("series-")]
    assert {"share", "rank", "margin", "hhi"} <= set(found["column"])
    headline = demo_results.tables[HEADLINE]
    newest = headline[headline["as_of"] == demo_results.as_of]
    chosen = found[
        (found["metric"] == HEADLINE) & (found["as_of"] == demo_results.as_of) & (found["column"] == "share")
    ]
    assert len(chosen) == newest["share"].notna().sum()


def test_a_table_or_column_that_is_new_or_gone_is_no_revision() -> None:
    cells = [(DAYS[0], "old", "a=b", "share", 0.1), (DAYS[0], "both", "a=b", "share", 0.2)]
    before = pd.DataFrame(cells, columns=[*revisions.CELL, "value"])
    now = before.assign(metric=["new", "both"])
    changed, kept = revisions._changed(before, now)
    assert changed.empty
    assert kept[["metric", "value"]].values.tolist() == [["both", 0.2], ["new", 0.1]]


CELLS = some.dictionaries(
    some.tuples(some.sampled_from(DAYS), some.sampled_from(["m", "n"]), some.sampled_from("abc"),
                some.sampled_from(["share", "rank"])),
    some.sampled_from([0.0, 0.0004, 0.1, 0.1004, 0.3, 1.0, 19.0, 20.0, 21.0, 22.0]),
    max_size=8,
)  # fmt: skip


@settings(max_examples=25)
@given(CELLS, CELLS)
def test_after_a_comparison_the_same_figures_differ_no_more(
    before: Mapping[tuple[Any, ...], float], now: Mapping[tuple[Any, ...], float]
) -> None:
    old, new = (
        pd.DataFrame([(*cell, value) for cell, value in cells.items()], columns=[*revisions.CELL, "value"]).astype(
            {"value": "float64"}
        )
        for cells in (before, now)
    )
    changed, kept = revisions._changed(old, new)
    again, still = revisions._changed(kept, new)
    assert again.empty
    assert not kept.duplicated(revisions.CELL).any()
    if not kept.empty:
        pd.testing.assert_frame_equal(kept, still, check_dtype=False)
    for cell in changed.itertuples():
        assert before.get(cell[1:5], None) != now.get(cell[1:5], None)


# --- Durable -----------------------------------------------------------------------------------------------


def test_an_interruption_between_register_and_figures_tells_nothing_twice(
    kept: Path, run: Callable[[], revisions.Comparison], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    archive.add(kept, snapshot(*rows(300, 700), as_of=DAYS[0]), replace=True)
    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_parquet", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run()
    written = revisions.read(kept)
    assert not written.empty and revisions.published_dates(kept) == DAYS
    assert run().found.empty
    pd.testing.assert_frame_equal(revisions.read(kept), written)
    assert run().found.empty


def test_a_full_disk_leaves_the_register_as_it_was(
    kept: Path, run: Callable[[], revisions.Comparison], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    archive.add(kept, snapshot(*rows(300, 700), as_of=DAYS[0]), replace=True)
    before = everything(kept)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ReportError) as raised:
        run()
    assert "No space left" in sentence(raised) and everything(kept) == before


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "revised_on,as_of,metric,row,column,old,new,cause\nx,y,,,,,,\n"])
def test_a_damaged_register_is_named(kept: Path, text: str) -> None:
    (kept / revisions.REGISTER).write_text(text)
    with pytest.raises(ReportError) as raised:
        revisions.read(kept)
    assert str(kept / revisions.REGISTER) in sentence(raised) and "restore it" in sentence(raised)


def test_damaged_figures_are_named(kept: Path, run: Callable[[], revisions.Comparison]) -> None:
    run()
    (kept / "published" / str(DAYS[0]) / revisions.FIGURES).write_bytes(b"PAR1")
    with pytest.raises(ReportError) as raised:
        run()
    assert str(kept / "published" / str(DAYS[0])) in sentence(raised)


def test_hostile_names_pass_through_the_register(kept: Path) -> None:
    row = 'organisation==cmd|" /C calc"!A0,\n"x", country=CN'
    one = [TODAY, DAYS[0], HEADLINE, row, "share", 0.1, None, "registry changed"]
    found = pd.DataFrame([one], columns=list(revisions.COLUMNS)).astype({"old": "float64", "new": "float64"})
    revisions.record(kept, revisions.Comparison(pd.DataFrame(columns=[*revisions.CELL, "value"]), {}, found, found))
    pd.testing.assert_frame_equal(revisions.read(kept), found, check_dtype=False)


def test_a_build_repeated_another_day_gives_its_revisions_the_same_date(
    kept: Path, run: Callable[[], revisions.Comparison], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    archive.add(kept, snapshot(*rows(300, 700), as_of=DAYS[0]), replace=True)
    monkeypatch.setattr(f"{__name__}.TODAY", None)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1779235200")
    assert set(run().found["revised_on"]) == {date(2026, 5, 20)}


# --- Builds and the page -----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield projects.make(tmp_path / "project")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of a few metrics, whose pages are none but that of revisions."""
    monkeypatch.setattr("generator.build.metrics.discover", lambda: METRICS)

    def pages(computed: Results, licence: str, site_src: Path, cache: Path, **settings: Any) -> list[Page]:
        book = FactBook(computed)
        edition = edition_of(computed.as_of, licence, simulated=computed.source.simulated, **settings)
        publish(computed, book, edition, record(computed.source), {}, site_src / "data")
        context = chapters.discover()["revisions"].context
        assert context is not None
        template = _environment().get_template("revisions.md.j2")
        common = {"edition": edition, "root": "../../", "licence": licence}
        text = template.render(results=computed, book=book, **common, **context(book))
        (site_src / "revisions.md").write_text(text, encoding="utf-8")
        return []

    monkeypatch.setattr("generator.build.write_pages", pages)


@pytest.mark.usefixtures("quick")
def test_trials_and_simulations_write_no_revisions(project: Project, tmp_path: Path) -> None:
    page = project.site_src / "revisions.md"
    (tmp_path / "models.json").write_text('[{"id": "Qwen/a", "downloads": 5, "createdAt": "2026-01-01T00:00:00Z"}]')
    build(project, str(tmp_path / "models.json"), as_of=DAYS[0], say=lambda _: None)
    text = page.read_text(encoding="utf-8")
    assert 'data-condition="not-kept"' in text and "the trial of a file" in text
    assert not project.archive.exists() and not (project.site_src / "data" / "revisions.csv").exists()
    archive.add(project.archive, snapshot(*rows(1, 2), as_of=DAYS[0], simulated=True))
    report(project, project.archive, say=lambda _: None)
    assert "simulated data" in page.read_text(encoding="utf-8")
    assert not (project.archive / "published").exists()


@pytest.mark.usefixtures("quick")
def test_a_kept_archive_has_its_register_on_the_page(project: Project) -> None:
    page = project.site_src / "revisions.md"
    archive.add(project.archive, snapshot(*rows(600, 400), as_of=DAYS[0]))
    report(project, project.archive, say=lambda _: None)
    assert 'data-condition="none"' in page.read_text(encoding="utf-8")
    archive.add(project.archive, snapshot(*rows(300, 700), as_of=DAYS[0]), replace=True)
    said: list[str] = []
    report(project, project.archive, say=said.append)
    assert any(line.startswith("Revisions: ") for line in said)
    text = page.read_text(encoding="utf-8")
    assert 'data-condition="some"' in text and "snapshot 2026-04-30 replaced" in html.unescape(text)
    published = pd.read_csv(project.site_src / "data" / "revisions.csv")
    assert len(published) == len(revisions.read(project.archive)) > 0


def test_the_page_escapes_what_the_register_holds(demo_results: Results) -> None:
    one = [TODAY, DAYS[0], "gone-metric", "organisation=<script>", "rank", 3.0, 1.0, "registry changed"]
    register = pd.DataFrame([one], columns=list(revisions.COLUMNS))
    context = chapters.discover()["revisions"].context
    assert context is not None
    shown = context(FactBook(replace(demo_results, revisions=register)))
    assert shown["rows"][["published", "now"]].values.tolist() == [["3", "1"]] and shown["number"] == 1
