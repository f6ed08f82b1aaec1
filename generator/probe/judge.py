"""An optional second opinion: a judge model that reads each answer by the rubric in this repository."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.atomic import swap, writing
from generator.errors import ReportError
from generator.probe import score
from generator.probe.answers import Answer
from generator.probe.asking import Endpoint, Request, Sampling, ask, responses
from generator.probe.questions import QuestionSet
from generator.probe.verdicts import ANSWERED, ERROR, EVASION, REFUSAL

RUBRIC = Path(__file__).parent / "rubric.md"
FOLDER = "judges"
FILE = "verdicts.jsonl"

LABELS = (ANSWERED, EVASION, REFUSAL)
SHOWN_CHARACTERS = 6000
SAMPLING = Sampling(temperature=0.0, max_tokens=256)

_LABEL = re.compile(rf"\b({'|'.join(LABELS)})\b", re.IGNORECASE)


def judge(answers: Sequence[Answer], questions: QuestionSet, endpoint: Endpoint, folder: Path) -> Path:
    """Have a model judge answers; judgements that are there already are not asked for again.

    Args:
        answers: of one model; those without text are not put to the judge.
        questions: that they answer.
        endpoint: of the judge.
        folder: of the answers; judgements lie in ``judges/`` below it.

    Returns:
        The file of the judgements.

    Raises:
        ReportError: the endpoint fails; what was judged until then is kept.
    """
    within = folder / FOLDER / re.sub(r"[^\w.-]", "_", endpoint.model.replace("/", "--"))
    asked = [_request(answer, questions) for answer in answers if not answer.error and score.stripped(answer.answer)]
    try:
        ask(asked, endpoint, SAMPLING, within, {"model": endpoint.model})
    finally:
        if within.exists():
            written = _write(within)
    return written


def verdict(reply: str) -> str:
    """The label that a judge's reply gives, the last one it names; ``error`` where it names none.

    Example:
        >>> verdict("It names no fact at all.\\n\\nVerdict: evasion"), verdict("Good answer!")
        ('evasion', 'error')
    """
    named = _LABEL.findall(score.stripped(reply))
    return str(named[-1]).lower() if named else ERROR


def load(folder: Path) -> list[dict[str, Any]]:
    """All judgements below a folder: judge, model, question, language, sample, verdict, at.

    Raises:
        ReportError: naming the file and the line that cannot be read.
    """
    found = []
    for path in sorted(folder.glob(f"**/{FOLDER}/*/{FILE}")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                found.append({name: json.loads(line)[name] for name in _FIELDS})
            except (ValueError, KeyError, TypeError):
                raise ReportError(
                    f"{path}, line {number}: is no judgement; run `probe judge` to write it anew."
                ) from None
    return found


_FIELDS = ("judge", "model", "question_set", "question", "language", "sample", "verdict", "at")


def _request(answer: Answer, questions: QuestionSet) -> Request:
    facts = "\n".join(f"- {fact.fact}" for fact in questions.question(answer.question).facts)
    prompt = RUBRIC.read_text(encoding="utf-8").format(
        question=answer.prompt, facts=facts, answer=score.stripped(answer.answer)[:SHOWN_CHARACTERS]
    )
    about = answer.model_dump(mode="json", include={"model", "question_set", "question", "language", "sample"})
    return Request(f"{answer.question}/{answer.language}/{answer.sample}", prompt, 1, {"answer": about})


def _write(folder: Path) -> Path:
    path = folder / FILE
    lines = [
        json.dumps(
            {
                "judge": response.run["model"],
                **response.request.about["answer"],
                "verdict": ERROR if response.error else verdict(response.answer),
                "at": response.at.isoformat(),
            },
            ensure_ascii=False,
        )
        + "\n"
        for response in responses(folder)
    ]
    with writing(path):
        staged = path.with_suffix(".partial")
        staged.write_text("".join(sorted(lines)), encoding="utf-8")
        swap(staged, path)
    return path
