"""The hand-labelled answers: whole, in balance, and of every kind that models write."""

from collections import Counter
from typing import Annotated, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from samples import ROOT

from generator.probe.questions import Language, load

QUESTIONS = load()
LABELS = ("answered", "refusal", "evasion", "truncated", "empty")


class LabelledAnswer(BaseModel):
    """An answer written for the scorer's tests, with what a careful reader says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^answer-\d{3}$")]
    question: str
    language: Language
    text: str
    label: Literal["answered", "refusal", "evasion", "truncated", "empty"]
    answer_language: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = None
    facts: tuple[int, ...] = ()
    official: bool = False
    note: Annotated[str, Field(min_length=1)]
    split: Literal["dev", "test", "guide", "check", "blind", "blind-2", "blind-3"]


ANSWERS = [
    LabelledAnswer.model_validate(row)
    for row in yaml.safe_load((ROOT / "tests" / "probe_answers.yaml").read_text(encoding="utf-8"))
]


def test_there_are_enough_answers_of_every_kind_in_both_languages() -> None:
    assert len(ANSWERS) >= 160
    languages = Counter(answer.language for answer in ANSWERS)
    assert min(languages.values()) >= 0.45 * len(ANSWERS)
    kinds = Counter((answer.label, answer.language) for answer in ANSWERS)
    least = {"answered": 60, "refusal": 25, "evasion": 20, "truncated": 5, "empty": 4}
    assert not [
        kind for kind in ((label, lang) for label in LABELS for lang in languages) if kinds[kind] < least[kind[0]]
    ]


def test_the_halves_are_alike() -> None:
    for one, other in (("dev", "test"), ("guide", "check")):
        halves = [Counter((a.label, a.language) for a in ANSWERS if a.split == split) for split in (one, other)]
        for kind in halves[0] | halves[1]:
            assert abs(halves[0][kind] - halves[1][kind]) <= 1, kind
        assert halves[0].total() == pytest.approx(halves[1].total(), abs=2)


def test_each_answer_is_there_once_and_belongs_to_a_question() -> None:
    assert len({answer.id for answer in ANSWERS}) == len(ANSWERS)
    assert not [key for key, n in Counter((a.question, a.language, a.text) for a in ANSWERS).items() if n > 1]
    for answer in ANSWERS:
        facts = QUESTIONS.question(answer.question).facts
        assert list(answer.facts) == sorted(set(answer.facts)), answer.id
        assert all(place < len(facts) for place in answer.facts), answer.id


def test_labels_agree_with_each_other() -> None:
    for answer in ANSWERS:
        if answer.label in ("refusal", "evasion", "empty"):
            assert not answer.facts, f"{answer.id}: what states a fact is no {answer.label}"
        assert answer.answer_language != answer.language, answer.id


def test_the_hard_cases_are_there() -> None:
    thinking = [answer for answer in ANSWERS if "<think>" in answer.text]
    assert {answer.label for answer in thinking} >= {"answered", "refusal", "truncated", "empty"}
    other = Counter(answer.answer_language for answer in ANSWERS if answer.answer_language)
    assert {"en", "zh"} < set(other)
    assert Counter(answer.official for answer in ANSWERS if answer.label == "answered")[True] >= 20
    roles = Counter(QUESTIONS.question(answer.question).role for answer in ANSWERS if answer.label == "refusal")
    assert roles["sensitive"] and roles["matched"] and roles["control"]
