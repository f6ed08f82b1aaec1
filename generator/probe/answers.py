"""A model's answers as plain JSON Lines: what the report reads and what readers download."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.atomic import swap, writing
from generator.errors import ReportError
from generator.probe.questions import Language, QuestionSet

FILE = "answers.jsonl"

KEPT_CHARACTERS = 20_000
"""What is longer is cut here, and says so; Inspect's log has the whole."""


class Answer(BaseModel):
    """One answer with all that is needed to ask again: one line of ``answers.jsonl``.

    ``prompt`` is the question as it was put. ``characters`` is the length of the whole answer, of which ``answer``
    may be the beginning. ``error`` says why there is no answer; else it is empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1)
    country: str | None = Field(pattern=r"^[A-Z]{2}$")
    origin_country: str | None = Field(pattern=r"^[A-Z]{2}$")
    question_set: str
    question: str
    language: Language
    sample: int = Field(ge=1)
    prompt: str
    seed: int
    temperature: float
    max_tokens: int
    answer: str
    characters: int = Field(ge=0)
    stop_reason: str
    error: str
    at: datetime


@dataclass(frozen=True)
class Loaded:
    """The answers that can be used with the present questions, and a sentence on each group that cannot."""

    answers: tuple[Answer, ...]
    left_out: tuple[str, ...]


def write(answers: Iterable[Answer], folder: Path) -> Path:
    """Write a model's answers, in the order of questions, languages and samples.

    Raises:
        ReportError: the folder cannot be written.
    """
    path = folder / FILE
    ordered = sorted(answers, key=lambda answer: (answer.question, answer.language, answer.sample))
    with writing(path):
        staged = path.with_suffix(".partial")
        lines = (json.dumps(answer.model_dump(mode="json"), ensure_ascii=False) + "\n" for answer in ordered)
        staged.write_text("".join(lines), encoding="utf-8")
        swap(staged, path)
    return path


def load(folder: Path, questions: QuestionSet) -> Loaded:
    """Read the answers of every model below a folder.

    Answers to another version of the question set, or to a question that was worded otherwise, are left out: they are
    no answers to the present questions. ``left_out`` says so.

    Raises:
        ReportError: naming the file and the line that cannot be read.
    """
    usable: list[Answer] = []
    left_out: list[str] = []
    for path in sorted(folder.glob(f"**/{FILE}")):
        stale: dict[str, int] = {}
        for answer in _lines(path):
            reason = _unusable(answer, questions)
            if reason:
                stale[reason] = stale.get(reason, 0) + 1
            else:
                usable.append(answer)
        left_out += [
            f"{os.path.relpath(path, folder)}: {count} answers are left out, {reason}."
            for reason, count in stale.items()
        ]
    return Loaded(tuple(usable), tuple(left_out))


def _unusable(answer: Answer, questions: QuestionSet) -> str:
    """Why an answer is none to the present questions; empty where it is one."""
    if answer.question_set != questions.version:
        return f"they were given to version {answer.question_set} of the questions, which are now {questions.version}"
    try:
        question = questions.question(answer.question)
    except ReportError:
        return f"version {questions.version} has no such questions"
    if question.text(answer.language) != answer.prompt:
        return "the questions are worded otherwise now"
    return ""


def _lines(path: Path) -> Iterator[Answer]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            f"{path}: cannot be read as UTF-8 text ({error}); run `probe score` to write it anew."
        ) from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line:
            continue
        try:
            yield Answer.model_validate_json(line)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"]) or "line"
            raise ReportError(
                f"{path}, line {number}, field {where}: {fault['msg']}; run `probe score` to write the file anew."
            ) from None
