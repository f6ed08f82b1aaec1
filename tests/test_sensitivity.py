"""The chapter on political sensitivity: its sentences, its charts, and models' answers that stay text."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import projects
import pytest

from generator.chapters.sensitivity import context, examples
from generator.charts import Figure, render
from generator.facts import FactBook
from generator.findings import sensitivity as findings
from generator.metrics import discover
from generator.pages import write_pages
from generator.probe import score as scoring
from generator.probe import tables
from generator.probe.answers import Answer
from generator.probe.questions import load
from generator.probe.results import ProbeResults, as_verdicts
from generator.results import Results, _dated

QUESTIONS = load()
EVIL = "<script>alert(1)</script> **bold** [x](javascript:alert(1)) {{ 7 * 7 }} \u202e # I cannot discuss this."
NAMES = ("political-sensitivity", "political-sensitivity-by-country", "political-sensitivity-rates")


def answer(question: str, prompt: str, text: str) -> Answer:
    return Answer(
        model="evil/<b>model</b>",
        country="CN",
        origin_country=None,
        question_set=QUESTIONS.version,
        question=question,
        language="en",
        sample=1,
        prompt=prompt,
        seed=1,
        temperature=0.7,
        max_tokens=100,
        answer=text,
        characters=len(text),
        stop_reason="stop",
        error="",
        at=datetime(2026, 11, 2, tzinfo=UTC),
    )


def probed(refused: int) -> ProbeResults:
    """Answers of one model, which refuses the sensitive question of the first sets and answers everything else."""
    scored = []
    for place, matched in enumerate(list(QUESTIONS.sets)[:12]):
        for question in matched.questions:
            text = EVIL if question.role == "sensitive" and place < refused else "In 1901 it was 12, in 1902 it was 34."
            given = answer(question.id, question.en, text)
            scored.append((given, scoring.score(text, question)))
    return ProbeResults(as_verdicts(tuple(scored), QUESTIONS), tuple(scored), ("x: 3 answers are left out, why.",))


def edition(results: Results, probe: ProbeResults) -> Results:
    """The results with the metrics of the probe computed anew."""
    made: Mapping[str, pd.DataFrame] = {
        "political-sensitivity": tables.differences(probe),
        "political-sensitivity-by-country": tables.by_country(probe),
        "political-sensitivity-rates": tables.rates(probe),
    }
    metrics = discover()
    # On the way that the metrics themselves take, by which days become dates.
    own = {
        name: _dated(tables.as_table(frame[list(metrics[name].columns)]).to_pandas()) for name, frame in made.items()
    }
    return replace(results, tables={**results.tables, **own}, probe=probe)


@pytest.fixture(scope="module")
def hostile(demo_results: Results) -> Results:
    return edition(demo_results, probed(12))


def test_without_answers_the_chapter_says_so_and_shows_none(demo_results: Results) -> None:
    given = context(FactBook(demo_results))
    [only] = given["own"]
    assert only.condition == "no-data" and "none are made up" in only.text
    assert not given["own_figures"] and not given["topic_figures"] and not given["examples"]
    assert given["models"].condition == "more" and given["judges"].condition == "known"
    assert [item.condition for item in given["countries"]] == ["more", "more"]
    assert "16" in given["models"].text and "17" in given["models"].text


def test_a_difference_is_told_with_its_interval_and_counts(hostile: Results) -> None:
    told = {item.condition for item in findings.own(FactBook(hostile))}
    assert "more" in told and "none" in told
    [refusal] = [item for item in findings.own(FactBook(hostile)) if "refuses" in item.text]
    assert refusal.condition == "more" and "95% interval" in refusal.text and "12" in refusal.text


def test_the_gap_between_languages_is_not_told_as_one_between_states(demo_results: Results) -> None:
    english = probed(6)
    both = [*english.scored]
    for given, _ in english.scored:
        question = QUESTIONS.question(given.question)
        in_chinese = given.model_copy(update={"language": "zh", "prompt": question.zh})
        both.append((in_chinese, scoring.score(in_chinese.answer, question)))
    results = edition(demo_results, ProbeResults(as_verdicts(tuple(both), QUESTIONS), tuple(both), ()))
    told = findings.own(FactBook(results))
    # Four measures in each of two languages, each once.
    assert len(told) == 8


def test_no_claim_where_the_interval_includes_zero(demo_results: Results) -> None:
    found = findings.own(FactBook(edition(demo_results, probed(1))))
    [refusal] = [item for item in found if "refuses" in item.text]
    assert refusal.condition == "none" and "includes zero" in refusal.text


def test_no_claim_on_countries_where_the_gap_includes_zero(demo_results: Results) -> None:
    name = findings.BY_COUNTRY
    table = demo_results.tables[name].assign(gap_lower=-0.1, gap_upper=0.3, claim="none")
    book = FactBook(replace(demo_results, tables={**demo_results.tables, name: table}))
    found = findings.countries(book, "publisher")
    assert found.condition == "none" and "includes zero" in found.text
    few = table.assign(gap_lower=float("nan"))
    book = FactBook(replace(demo_results, tables={**demo_results.tables, name: few}))
    assert findings.countries(book, "publisher").condition == "few"
    gone = FactBook(replace(demo_results, tables={**demo_results.tables, name: table.iloc[:0]}))
    assert findings.countries(gone, "publisher").condition == "no-data"
    assert findings.models(gone).condition == "no-data"


def test_the_charts_of_our_own_probe(hostile: Results, tmp_path: Path) -> None:
    given: Mapping[str, Any] = context(FactBook(hostile))
    figures: list[Figure] = [*given["own_figures"], *given["topic_figures"]]
    assert {figure.id for figure in figures} >= {"probe-refusal-en", "probe-topics-en"}
    for figure in figures:
        drawing = render(figure, tmp_path)
        assert "<b>model" not in drawing.wide + drawing.narrow and "NaN" not in drawing.wide


def test_examples_are_short_and_the_page_shows_them_as_text(hostile: Results, tmp_path: Path) -> None:
    [example] = examples(hostile.probe)
    assert example["verdict"] == "refusal" and len(example["text"]) <= 281
    project = projects.make(tmp_path / "project")
    pages = write_pages(hostile, "CC-BY-4.0", project.site_src, project.cache)
    [page] = [item.markdown for item in pages if item.path.name == "sensitivity.md"]
    assert "<script>alert" not in page and "javascript:alert(1))" not in page and "{{ 7" not in page
    assert "&lt;script&gt;" in page and "are left out, why" in page
    stored = (project.site_src / "data" / "probe-answers.jsonl").read_text(encoding="utf-8")
    assert len(stored.splitlines()) == len(hostile.probe.scored)
