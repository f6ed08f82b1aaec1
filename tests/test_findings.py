"""Each sentence in each condition that it can meet."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from generator import findings, metrics, results
from generator.archive import Manifest
from generator.attribution.registry import Organisation
from generator.facts import FactBook
from generator.flows import Flows
from generator.results import Results

DAY = date(2026, 5, 31)
NEW = datetime(2026, 1, 10)
OLD = datetime(2023, 1, 10)
NEW_SHARES = ("new-model-share-by-country", "overtake")
MARKET = (
    "all-downloads-share-by-country",
    "all-downloads-share-by-sector",
    "top-developers",
    "concentration",
    "top-families",
)


def manifest(as_of: date, **other: Any) -> Manifest:
    usual: dict[str, Any] = {
        "schema_version": 1,
        "generator_version": "0",
        "as_of": as_of,
        "kind": "file",
        "detail": "models.parquet",
        "retrieved_at": datetime(2026, 6, 1, tzinfo=UTC),
        "simulated": False,
        "rows": 4,
        "bytes": 1,
        "sha256": "0",
        "coverage": {},
        "skipped": {},
    }
    return Manifest.model_validate(usual | other)


def models(cn: int, us: int, unknown: int, created: datetime = NEW) -> list[dict[str, Any]]:
    given = {"Qwen/a": cn, "google/b": us, "nobody/c": unknown}
    return [
        {"model_id": name, "created_at": created, "downloads_30d": count, "downloads_all_time": count}
        for name, count in given.items()
    ]


@pytest.fixture
def book(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., FactBook]:
    registry = [organisation("Qwen", "CN"), organisation("google", "US")]

    def made(rows: dict[date, Sequence[dict[str, Any]]], *only: str, **about: Any) -> FactBook:
        flows = open_flows(rows, registry)
        chosen = {name: metric for name, metric in metrics.discover().items() if name in only or not only}
        return FactBook(results.compute(flows, chosen, [manifest(day, **about) for day in rows]))

    return made


@pytest.mark.parametrize(
    ("cn", "us", "unknown", "condition"),
    [
        (600, 300, 100, "lead"),
        (500, 400, 200, "lead-within-bounds"),
        (300, 600, 100, "reversed"),
        (400, 500, 200, "reversed-within-bounds"),
        (500, 500, 0, "tie"),
        (0, 0, 0, "no-data"),
    ],
)
def test_leadership(book: Callable[..., FactBook], cn: int, us: int, unknown: int, condition: str) -> None:
    finding = findings.leadership(book({DAY: models(cn, us, unknown)}, *NEW_SHARES))
    assert finding.condition == condition
    text = str(finding.text.striptags())
    if condition == "no-data":
        assert "%" not in text
        return
    opening = {"tie": "The United States and China are level", "lead": "China leads"}
    assert text.startswith(opening.get(condition.removesuffix("-within-bounds"), "The United States leads"))
    total = cn + us + unknown
    for share in {cn / total, us / total, unknown / total} - {0.0}:
        assert f"{share:.1%}" in text
    assert ("would turn" in text) == condition.endswith("within-bounds")


def test_leadership_without_new_models(book: Callable[..., FactBook]) -> None:
    assert findings.leadership(book({DAY: models(600, 300, 100, created=OLD)}, *NEW_SHARES)).condition == "no-data"


def test_a_sentence_without_unattributed_downloads(book: Callable[..., FactBook]) -> None:
    finding = findings.leadership(book({DAY: models(600, 300, 0)[:2]}, *NEW_SHARES))
    assert "Every one of these downloads is attributed" in finding.text.striptags()


def test_overtaking(book: Callable[..., FactBook]) -> None:
    april, march = date(2026, 4, 30), date(2026, 3, 31)
    one = findings.overtaking(book({DAY: models(600, 300, 100)}, *NEW_SHARES))
    assert one.condition == "one-date"
    always = findings.overtaking(book({april: models(400, 300, 10), DAY: models(600, 400, 20)}, *NEW_SHARES))
    assert always.condition == "always"
    turned = findings.overtaking(
        book({march: models(100, 300, 10), april: models(400, 350, 10), DAY: models(600, 400, 20)}, *NEW_SHARES)
    )
    assert turned.condition == "turned"
    assert "30 April 2026" in turned.text.striptags()
    nothing = findings.overtaking(book({DAY: models(0, 0, 0)}, *NEW_SHARES))
    assert nothing.condition == "no-data"


def test_market_sentences(book: Callable[..., FactBook]) -> None:
    facts = book({DAY: models(600, 300, 100)}, *MARKET)
    assert findings.whole_market(facts).condition == "ranked"
    assert "60.0%" in findings.whole_market(facts).text.striptags()
    assert findings.sectors(facts).condition == "known"
    assert findings.developers(facts).condition == "ranked"
    assert findings.concentration(facts).condition == "known"
    assert findings.families(facts).condition == "ranked"
    alone = book({DAY: models(600, 0, 100)[:1]}, *MARKET)
    assert findings.whole_market(alone).condition == "one-country"
    nothing = book({DAY: models(0, 0, 0)}, *MARKET)
    for finding in (findings.whole_market, findings.sectors, findings.developers, findings.concentration):
        assert finding(nothing).condition == "no-data", finding


@pytest.mark.parametrize(
    ("about", "condition", "words"),
    [
        ({"kind": "file"}, "selection", "a selection, not of the whole"),
        ({"kind": "hub", "coverage": {"lowest_downloads_30d": 37}}, "largest", "had 37 downloads in 30 days"),
        ({"kind": "hub-weekly"}, "hub", "all 4 models that the Hub's weekly snapshot of 31 May 2026"),
        ({"kind": "demo", "simulated": True}, "simulated", "nothing about the real Hub"),
    ],
)
def test_scope(book: Callable[..., FactBook], about: dict[str, Any], condition: str, words: str) -> None:
    finding = findings.scope(book({DAY: models(600, 300, 100)}, "series-quality", **about))
    assert finding.condition == condition
    assert words in finding.text.striptags()


def test_scope_warns_where_the_youngest_models_are_missing(book: Callable[..., FactBook]) -> None:
    assert "created on 10 January 2026" in findings.scope(book({DAY: models(1, 1, 1)}, "series-quality")).text
    fresh = models(1, 1, 1, created=datetime(2026, 5, 30))
    assert "The newest of them" not in findings.scope(book({DAY: fresh}, "series-quality")).text


def test_every_number_in_a_sentence_is_a_fact(demo_results: Results) -> None:
    book = FactBook(demo_results)
    said = [
        findings.leadership(book),
        findings.overtaking(book),
        findings.whole_market(book),
        findings.concentration(book),
    ]
    texts = {fact["text"] for fact in book.as_json()["facts"]}
    for finding in said:
        marked = [part.split("</data>")[0].split(">")[-1] for part in str(finding.text).split("<data ")[1:]]
        assert marked and set(marked) <= texts
        unmarked = finding.text
        for text in marked:
            unmarked = unmarked.replace(text, "")
        assert "%" not in unmarked.striptags()


def test_scope_warns_where_models_of_note_are_missing(book: Callable[..., FactBook]) -> None:
    later = date(2026, 6, 30)
    counters = [{"model_id": name, "created_at": NEW, "downloads_all_time": 900} for name in ("google/b", "nobody/c")]
    rows = {DAY: models(600, 300, 100), later: counters}
    text = findings.scope(book(rows, "series-quality")).text.striptags()
    assert "On 30 June 2026 only 2 models have a counter" in text and "40.0% of the downloads" in text
