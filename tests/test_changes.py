"""What changed since the report date before, revisions of published figures among it."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from generator import revisions
from generator.chapters import changes
from generator.facts import FactBook
from generator.findings.changes import revised
from generator.results import Results

HEADLINE = "all-downloads-share-by-country"


@pytest.fixture
def since(demo_results: Results) -> date:
    return demo_results.report_dates[-2]


def register(*rows: tuple[date, date, str, str, str, float | None, float | None]) -> pd.DataFrame:
    filled = [(*row, "registry changed") for row in rows]
    return pd.DataFrame(filled, columns=list(revisions.COLUMNS)).astype({"old": "float64", "new": "float64"})


def said(results: Results, rows: pd.DataFrame | None) -> tuple[str, str]:
    finding = revised(FactBook(replace(results, revisions=rows)))
    return finding.condition, str(finding.text)


def test_what_is_not_kept_has_no_revisions(demo_results: Results) -> None:
    condition, text = said(demo_results, None)
    assert condition == "not-kept" and "data that are not kept" in text


def test_the_first_report_date_can_revise_nothing(demo_results: Results, since: date) -> None:
    first = replace(demo_results, report_dates=demo_results.report_dates[-1:])
    assert said(first, register((since, since, HEADLINE, "a", "share", 0.1, 0.2)))[0] == "first-date"


def test_what_was_revised_up_to_the_last_report_date_is_not_told_again(demo_results: Results, since: date) -> None:
    old = (since, since - timedelta(days=60), HEADLINE, "lens=origin, country=CN", "share", 0.1, 0.2)
    for rows in (register(), register(old)):
        condition, text = said(demo_results, rows)
        assert condition == "none" and text.startswith("None: since ")


def test_revisions_are_counted_and_the_largest_is_given(demo_results: Results, since: date) -> None:
    now, past = since + timedelta(days=3), since - timedelta(days=60)
    rows = register(
        (since, past, HEADLINE, "lens=origin, country=FR", "share", 0.1, 0.9),
        (now, past, HEADLINE, "lens=origin, country=CN", "share", 0.25, 0.2649),
        (now, since, HEADLINE, "lens=origin, country=US", "share", 0.3, 0.29),
        (now, since, HEADLINE, "lens=origin, country=US", "rank", 1.0, 19.0),
        (now, since, HEADLINE, "lens=origin, country=KR", "share", None, 0.8),
    )
    condition, text = said(demo_results, rows)
    assert condition == "some"
    assert "4 figures of 2 past report dates have been given otherwise" in text
    title = demo_results.metrics[HEADLINE].title
    assert (
        f"“{title}” as of {past.day} {past:%B %Y}, lens=origin, country=CN: share 25.00% as published, 26.49% now."
        in text
    )
    assert "gave way" not in text


def test_one_figure_is_told_as_one(demo_results: Results, since: date) -> None:
    one = (since + timedelta(days=1), since, HEADLINE, "country=CN", "rank", 1.0, 2.0)
    text = said(demo_results, register(one))[1]
    assert "1 figure of 1 past report date has been given otherwise" in text and "All of them are ranks" in text


def test_a_report_date_that_moved_is_no_figure(demo_results: Results, since: date) -> None:
    moved = (since + timedelta(days=1), since - timedelta(days=60), revisions.MOVED, "", "", None, None)
    condition, text = said(demo_results, register(moved))
    assert condition == "some"
    assert "no figure has been given otherwise. 1 report date gave way to another." in text


def test_names_in_the_register_are_text(demo_results: Results, since: date) -> None:
    one = (since + timedelta(days=1), since, "gone", "organisation=<script>", "share", 0.1, 0.2)
    text = said(demo_results, register(one))[1]
    assert "organisation=&lt;script&gt;" in text and "“gone”" in text


def test_the_page_holds_it(demo_results: Results) -> None:
    assert changes.context(FactBook(demo_results))["revised"].condition == "not-kept"
