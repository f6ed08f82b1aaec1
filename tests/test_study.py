"""The comparison with the study, on a small file of the study's columns with shares that can be told by hand."""

import csv
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import projects
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hub_datasets import Datasets
from hub_server import HubServer
from samples import Row, sentence

from generator import study
from generator.cli import main
from generator.errors import ReportError
from generator.sources import study as data

pytestmark = pytest.mark.slow

MADE: dict[str, tuple[str, str | None, str]] = {
    # author: created, the study's country, modality; Qwen and google are in our registry, the last two are not.
    "Qwen": ("2025-03-10", "China", "text->text"),
    "google": ("2025-03-10", "United States of America", "text->text"),
    "stabilityai": ("2025-03-10", "USA", "text->image"),
    "a-collective": ("2025-03-10", "International/Online", "text->text"),
    "a-person": ("2025-03-10", None, "text->text"),
}


def row(author: str, day: date, downloads: int, created: str | None = None, **fields: Any) -> Row:
    made, country, modality = MADE[author]
    return {
        "model": f"{author}/model",
        "author": author,
        "time": datetime(day.year, day.month, day.day),
        "created": datetime.fromisoformat(created or made),
        "downloadsAllTime": downloads,
        "org_type": "company",
        "org_country": country,
        "org_country_single": country,
        "derived_author": author,
        "derived_org_country_single": country,
        "merged_country_groups_single": country,
        "merged_derived_from": None,
        "merged_modality": modality,
        **fields,
    }


def weeks(first: str, last: str) -> list[date]:
    day, days = date.fromisoformat(first), []
    while day <= date.fromisoformat(last):
        days.append(day)
        day += timedelta(days=7)
    return days


def rows(first: str = "2025-02-05", last: str = "2025-08-27") -> list[Row]:
    """Counters that have grown, to 400, 300, 100, 100 and 100 on the last day; an old model grows by 9,000."""
    given: list[Row] = []
    days = weeks(first, last)
    for author, final in zip(MADE, (400, 300, 100, 100, 100), strict=True):
        since = [day for day in days if day >= date(2025, 3, 12)]
        given += [row(author, day, final * (n + 1) // len(since)) for n, day in enumerate(since)]
    for n, day in enumerate(days):
        given.append(row("google", day, 50_000 + 9_000 * (n + 1) // len(days), "2023-01-01", model="google/old"))
    return given


def written(folder: Path, given: list[Row]) -> Path:
    path = folder / data.FILE
    pq.write_table(pa.Table.from_pylist(given), path)
    return path


def compared(folder: Path, given: list[Row]) -> study.Comparison:
    return study.compare(data.load(written(folder, given)))


def share(comparison: study.Comparison, reading: str, country: str, label: str = "org_country_single") -> Any:
    table = comparison.shares
    chosen = table[(table["reading"] == reading) & (table["label"] == label) & (table["country"] == country)]
    return chosen.iloc[0]


def test_the_cohort_reading_needs_only_the_last_counters(tmp_path: Path) -> None:
    comparison = compared(tmp_path, rows())
    assert [share(comparison, "cohort", code)["downloads"] for code in ("CN", "US", "XX", "unattributed")] == [
        *(400, 400, 100, 100)
    ]
    china = share(comparison, "cohort", "CN")
    assert china["share"] == pytest.approx(0.4) and china["published"] == 0.171
    assert china["miss"] == pytest.approx(0.4 - 0.171)
    # Where the study gives more digits than pages quote, the distance is from these.
    america = share(comparison, "cohort", "US")
    assert america["published"] == 0.1586 and america["miss"] == pytest.approx(0.4 - 0.1586)
    for (_, _), table in comparison.shares.groupby(["reading", "label"]):
        assert table["share"].sum() == pytest.approx(1)


def test_what_the_dates_cannot_answer_is_said(tmp_path: Path) -> None:
    comparison = compared(tmp_path, rows())
    (note,) = comparison.notes
    assert "begins on 2025-02-05" in note and "covers 2025-02-05 to 2025-08-27 only and is no replication" in note
    assert str(share(comparison, "first-year", "CN")["start"]) == "2025-02-05"
    # The old model's growth is no download of a model in its first year.
    assert share(comparison, "first-year", "US")["downloads"] == 400


def test_a_file_that_reaches_back_a_year_is_answered_whole(tmp_path: Path) -> None:
    comparison = compared(tmp_path, rows(first="2024-08-28"))
    assert comparison.notes == ()
    assert str(share(comparison, "first-year", "CN")["start"]) == "2024-08-28"


def test_downloads_after_the_first_year_do_not_count(tmp_path: Path) -> None:
    days = weeks("2024-08-28", "2025-08-27")
    given = [row("Qwen", day, 10 * (n + 1), "2024-02-28", model="Qwen/older") for n, day in enumerate(days)]
    first_year = compared(tmp_path, given + rows("2024-08-28"))
    # Created on 2024-02-28, so of the 52 weekly steps those with their middle up to 2025-02-27 count.
    middles = [(a - date(2024, 2, 28)).days + (b - date(2024, 2, 28)).days for a, b in pairwise(days)]
    expected = 10 * sum(middle <= 730 for middle in middles)
    assert 0 < expected < 520
    qwen = share(first_year, "first-year", "CN")["downloads"]
    assert qwen == expected + 400


def test_a_file_that_ends_too_early_answers_no_share(tmp_path: Path) -> None:
    comparison = compared(tmp_path, rows(last="2025-07-02"))
    assert comparison.shares.empty and "neither reading" in comparison.notes[0]
    assert len(comparison.authors) == 5 and "2025-07-02" in study.text(comparison)


def test_our_registry_is_compared_author_by_author(tmp_path: Path) -> None:
    authors = compared(tmp_path, rows()).authors.set_index("author")
    assert next(iter(authors.index)) == "google" and authors.loc["google", "models"] == 2
    assert dict(authors["verdict"]) == {
        "google": "agree",
        "Qwen": "agree",
        "stabilityai": "disagree",
        "a-collective": "only theirs",
        "a-person": "neither",
    }
    assert authors.loc["stabilityai", "theirs"] == "US" and authors.loc["stabilityai", "ours"] == "GB"


def test_labels_that_are_no_country_are_kept_and_named(tmp_path: Path) -> None:
    given = [item | {"org_country_single": "Atlantis"} if item["author"] == "Qwen" else item for item in rows()]
    comparison = compared(tmp_path, given)
    assert comparison.unread == {"Atlantis": 400}
    assert share(comparison, "cohort", "Atlantis")["downloads"] == 400
    assert share(comparison, "cohort", "CN")["downloads"] == 0 and share(comparison, "cohort", "CN")["miss"] == -0.171
    assert "'Atlantis' (400 downloads)" in study.text(comparison)


def test_repeated_rows_count_once(tmp_path: Path) -> None:
    comparison = compared(tmp_path, rows() + rows())
    assert share(comparison, "cohort", "CN")["downloads"] == 400


BAD: dict[str, tuple[Any, str]] = {
    "another column": (
        lambda given: [{("week" if k == "time" else k): v for k, v in item.items()} for item in given],
        "time missing among its columns",
    ),
    "words for dates": (lambda given: [item | {"time": "soon"} for item in given], "no dates or counts"),
    "no counter": (lambda given: [item | {"downloadsAllTime": None} for item in given], "have no model, time"),
    "contradiction": (lambda given: [*given, given[3] | {"downloadsAllTime": 7}], "contradict each other"),
}


@pytest.mark.parametrize("case", BAD)
def test_other_files_are_refused(tmp_path: Path, case: str) -> None:
    change, said = BAD[case]
    with pytest.raises(ReportError) as raised:
        data.load(written(tmp_path, change(rows())))
    assert said in sentence(raised) and str(tmp_path) in sentence(raised)


def test_no_file_and_no_parquet_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as raised:
        data.load(tmp_path / "nothing.parquet")
    assert "there is no such file" in sentence(raised)
    (tmp_path / "some.parquet").write_bytes(b"PAR1")
    with pytest.raises(ReportError) as raised:
        data.load(tmp_path / "some.parquet")
    assert "cannot be read as Parquet" in sentence(raised)


def test_the_command_fetches_compares_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = projects.make(tmp_path / "project")
    path = written(tmp_path, rows())

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["--settings", str(project.folder / "report.toml"), "study", *arguments])

    with HubServer(datasets=Datasets({data.REPOSITORY: {data.FILE: path.read_bytes()}})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        fetched = run()
    assert fetched.exit_code == 0, fetched.output
    assert "is no replication" in fetched.output and "+22.90 pp" in fetched.output
    given = run("--file", str(path), "--output", str(tmp_path / "out"))
    assert given.exit_code == 0, given.output
    with (tmp_path / "out" / "study-registry.csv").open(encoding="utf-8", newline="") as file:
        verdicts = {item["author"]: item["verdict"] for item in csv.DictReader(file)}
    assert verdicts["stabilityai"] == "disagree" and len(verdicts) == 5
    with (project.cache / "study" / "study-shares.csv").open(encoding="utf-8", newline="") as file:
        assert {item["reading"] for item in csv.DictReader(file)} == {"cohort", "first-year"}
    assert not project.archive.exists()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (project.cache / "study" / data.FILE).unlink()
    unreachable = run()
    assert unreachable.exit_code == 1 and "or give a copy of the file with --file." in unreachable.output
    refused = run("--file", str(tmp_path / "nothing"))
    assert refused.exit_code == 1 and "there is no such file" in refused.output
