"""The probe's questions: each set is whole, fair in form, and its patterns find their facts and give none away."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from samples import ROOT, sentence

from generator.errors import ReportError
from generator.probe.questions import FOLDER, LANGUAGES, Fact, MatchedSet, Patterns, Question, load

QUESTIONS = load()
ALL = tuple(QUESTIONS.questions)
FACTS_IN_CHINESE = ROOT / "tests" / "probe_facts_zh.yaml"

LENGTH_FACTOR = 2
"""A matched question is at most this many times as long, or as short, as the sensitive one."""

HAN = re.compile("[\u4e00-\u9fff]")
TRADITIONAL = set(
    "國門們個這來時對說學會過還種後發動關開長東車書語話讓給從樣點體問題產業經濟軍義衛傳統總權勝戰爭殺傷難災資質價錢買賣廣場灣"
    "與為無萬島擊臺當處實審級結終組織續維羅藝節華葉藏衝製觀視親覺記許論證評識譯護變鬥離電領導頭顯風飛馬鳥點黨龍區醫歲歷"
)
"""Common characters that Simplified Chinese does not use ("藏" is in both and taken out)."""
TRADITIONAL -= set("藏")


def sensitive(matched: MatchedSet) -> Question:
    return next(question for question in matched.questions if question.role == "sensitive")


def patterns(question: Question) -> list[str]:
    return [
        pattern
        for of_one in (*question.facts, question.official)
        for language in LANGUAGES
        for pattern in getattr(of_one, language)
    ]


def test_there_are_enough_sets_and_each_has_its_roles() -> None:
    sets = list(QUESTIONS.sets)
    assert len(sets) >= 60
    roles = [Counter(question.role for question in matched.questions) for matched in sets]
    assert all(count["sensitive"] == count["control"] == 1 and count["matched"] >= 1 for count in roles)
    assert sum(count["matched"] >= 2 for count in roles) > 0.9 * len(sets)


def test_only_the_sensitive_question_concerns_china_and_the_others_are_spread() -> None:
    countries: dict[str, Counter[str | None]] = {}
    for question in ALL:
        countries.setdefault(question.role, Counter())[question.country] += 1
    assert set(countries["sensitive"]) == {"CN"} and set(countries["control"]) == {None}
    assert "CN" not in countries["matched"] and len(countries["matched"]) >= 20
    assert max(countries["matched"].values()) <= 0.2 * countries["matched"].total()


def test_ids_and_texts_are_used_once() -> None:
    for name in ("id", "en", "zh"):
        used = Counter(getattr(question, name) for question in ALL)
        assert not [text for text, times in used.items() if times > 1]


@pytest.mark.parametrize("matched", tuple(QUESTIONS.sets), ids=lambda matched: matched.id)
def test_a_set_is_of_one_form_and_gives_no_fact_away(matched: MatchedSet) -> None:
    measure = sensitive(matched)
    for question in matched.questions:
        assert question.id.startswith(f"{matched.id}-")
        for language in LANGUAGES:
            ratio = len(question.text(language)) / len(measure.text(language))
            assert 1 / LENGTH_FACTOR <= ratio <= LENGTH_FACTOR, (question.id, language, ratio)
            # Its own patterns are not to be found in a question: a model that only repeats it would score.
            given = [p for p in patterns(question) if re.search(p, question.text(language), re.IGNORECASE)]
            assert not given, (question.id, given)


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_a_question_is_written_in_its_languages(question: Question) -> None:
    assert question.en.endswith("?") and not HAN.search(question.en)
    assert question.zh.endswith("\uff1f") and HAN.search(question.zh)
    assert not TRADITIONAL & set(question.zh)
    assert question.country is None or any((question.official.en, question.official.zh))


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_each_fact_is_found_in_its_own_statement_in_both_languages(question: Question) -> None:
    in_chinese = STATEMENTS[question.id]
    assert len(in_chinese) == len(question.facts)
    for fact, statement in zip(question.facts, in_chinese, strict=True):
        assert says(fact.en, fact.fact), fact.fact
        assert says(fact.zh, statement), statement
        assert HAN.search(statement) and not TRADITIONAL & set(statement)
        assert fact.source.startswith("https://")


def says(of_language: tuple[str, ...], statement: str) -> bool:
    return any(re.search(pattern, statement, re.IGNORECASE) for pattern in of_language)


STATEMENTS: dict[str, list[str]] = yaml.safe_load(FACTS_IN_CHINESE.read_text(encoding="utf-8"))


def test_a_fact_is_not_found_in_what_is_said_of_other_subjects() -> None:
    """A pattern that matches anything would make every answer look factual; a few plain words may recur."""
    statements = {question.id: [fact.fact for fact in question.facts] + STATEMENTS[question.id] for question in ALL}
    set_of = {question.id: matched.id for matched in QUESTIONS.sets for question in matched.questions}
    hits = tries = 0
    for question in ALL:
        others = "\n".join(
            text for other, said in statements.items() if set_of[other] != set_of[question.id] for text in said
        ).split("\n")
        sample = others[:: max(1, len(others) // 40)]
        for fact in question.facts:
            hits += sum(fact.found_in(text) for text in sample)
            tries += len(sample)
    assert hits / tries < 0.02


def test_a_fact_is_found_in_either_language_whatever_the_case() -> None:
    fact = Fact(fact="It fell.", source="https://example.org", en=("fell",), zh=("倒塌",))
    assert fact.found_in("It FELL.") and fact.found_in("它倒塌了。") and not fact.found_in("It stands.")
    assert not Patterns().found_in("anything")


def test_a_question_is_found_by_its_id() -> None:
    question = QUESTIONS.question("june-1989-deaths-kr")
    assert question.country == "KR" and question.text("zh") == question.zh and question.text("en") == question.en
    with pytest.raises(ReportError) as raised:
        QUESTIONS.question("no-such-question")
    assert "no-such-question" in str(raised.value) and QUESTIONS.version in str(raised.value)


# What is wrong with a file is said in one sentence that names the file, the set and the field.


def small() -> dict[str, Any]:
    fact = {"fact": "It fell.", "source": "https://example.org/a", "en": ["fell"], "zh": ["倒塌"]}
    roles = (("cn", "sensitive", "CN"), ("us", "matched", "US"), ("control", "control", None))
    questions = [
        {
            "id": f"fall-{name}",
            "role": role,
            "country": country,
            "en": f"What happened {name}?",
            "zh": "怎么了\uff1f",
            "facts": [dict(fact), dict(fact)],
            "official": {"en": [], "zh": []},
        }
        for name, role, country in roles
    ]
    return {"topic": "falls", "title": "Falls", "sets": [{"id": "fall", "form": "What …?", "questions": questions}]}


def written(folder: Path, topic: object, name: str = "falls.yaml") -> Path:
    (folder / "version.yaml").write_text('version: "2026.11"\nabout: A test.\n')
    (folder / name).write_text(topic if isinstance(topic, str) else yaml.safe_dump(topic, allow_unicode=True))
    return folder


def test_a_small_set_is_read(tmp_path: Path) -> None:
    questions = load(written(tmp_path, small()))
    assert questions.version == "2026.11" and [question.id for question in questions.questions] == [
        "fall-cn",
        "fall-us",
        "fall-control",
    ]


Spoil = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("spoil", "says_what"),
    [
        (lambda s: s["questions"][1].update(country="CN"), ("set fall", "question fall-us", "country CN")),
        (lambda s: s["questions"][2].update(country="US"), ("question fall-control", "country US")),
        (lambda s: s["questions"].pop(1), ("set fall", "at least one matched")),
        (lambda s: s["questions"][0].update(zh=""), ("question fall-cn", "field zh")),
        (lambda s: s["questions"][0].update(note="x"), ("question fall-cn", "field note")),
        (lambda s: s["questions"][0]["facts"][1].update(en=["(a"]), ("question fall-cn", "facts entry 2 en", "'(a'")),
        (lambda s: s["questions"][0]["facts"][0].update(zh=["a*"]), ("facts entry 1 zh", "empty answer")),
        (lambda s: s["questions"][0]["facts"][0].update(source="http://a"), ("facts entry 1 source",)),
        (lambda s: s["questions"][0].update(facts=[]), ("question fall-cn", "field facts")),
        (lambda s: s["questions"][1].update(id="fall-cn"), ("fall-cn", "is used in")),
        (lambda s: s.update(id="Fall 1"), ("set Fall 1", "field id")),
    ],
)
def test_a_fault_is_named_with_its_set_and_field(tmp_path: Path, spoil: Spoil, says_what: tuple[str, ...]) -> None:
    topic = small()
    spoil(topic["sets"][0])
    with pytest.raises(ReportError) as raised:
        load(written(tmp_path, topic))
    message = sentence(raised)
    assert str(tmp_path / "falls.yaml") in message
    assert not [part for part in says_what if part not in message], message


@pytest.mark.parametrize(
    ("text", "says_what"), [("sets: [", "no valid YAML"), ("- a\n", "no fields"), ("", "no fields")]
)
def test_a_file_that_is_no_topic_is_named(tmp_path: Path, text: str, says_what: str) -> None:
    with pytest.raises(ReportError, match=says_what) as raised:
        load(written(tmp_path, text))
    assert "falls.yaml" in sentence(raised)


def test_a_folder_without_version_or_topics_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"version\.yaml"):
        load(tmp_path)
    (tmp_path / "version.yaml").write_text('version: "2026.11"\nabout: A test.\n')
    with pytest.raises(ReportError, match="no topic file"):
        load(tmp_path)


def test_an_id_may_not_be_used_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, small())
    with pytest.raises(ReportError) as raised:
        load(written(tmp_path, {**small(), "topic": "others"}, "others.yaml"))
    assert "others.yaml, fall: the id is used in" in sentence(raised)


def test_every_topic_file_is_named_after_its_topic() -> None:
    assert [topic.topic for topic in QUESTIONS.topics] == sorted(
        path.stem for path in FOLDER.glob("*.yaml") if path.name != "version.yaml"
    )
