"""A run of the probe: which questions are put to a model, how often, at what cost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.errors import ReportError
from generator.probe import answers
from generator.probe.answers import KEPT_CHARACTERS, Answer
from generator.probe.asking import Endpoint, Request, Response, Sampling, ask, responses
from generator.probe.questions import LANGUAGES, Language, MatchedSet, QuestionSet


@dataclass(frozen=True)
class Plan:
    """What to ask of a model.

    ``sets`` limits the run to matched sets of these ids; empty means all. ``country`` and ``origin_country`` are the
    developer's and that of the root base model's developer; absent, the registry tells them from the model's name.
    """

    endpoint: Endpoint
    sampling: Sampling
    samples: int = 3
    seed: int = 1
    languages: tuple[Language, ...] = LANGUAGES
    sets: tuple[str, ...] = ()
    country: str | None = None
    origin_country: str | None = None


@dataclass(frozen=True)
class Cost:
    """What a run will take: requests to make, and tokens in and at most out. Estimated: servers count otherwise."""

    requests: int
    prompt_tokens: int
    answer_tokens: int

    def price(self, per_million: float) -> float:
        """The most that it can cost at a price per million tokens."""
        return (self.prompt_tokens + self.answer_tokens) * per_million / 1e6


def folder_of(results: Path, model: str, questions: QuestionSet) -> Path:
    """Where the answers of a model to a version of the questions lie.

    Example:
        >>> folder_of(Path("probe"), "Qwen/Qwen3-4B", questions).parts[:2]  # doctest: +SKIP
        ('probe', 'Qwen--Qwen3-4B')
    """
    name = re.sub(r"[^\w.-]", "_", model.replace("/", "--")).strip(".") or "model"
    return results / name / questions.version


def requests(plan: Plan, questions: QuestionSet) -> list[Request]:
    """Every request of a plan: each question of each set in each language, ``samples`` times, each with its own seed.

    Raises:
        ReportError: a set is asked for that the questions do not have.
    """
    return [
        Request(
            id=f"{question.id}/{language}/{sample}",
            prompt=question.text(language),
            # Servers that honour seeds would give one answer thrice.
            seed=plan.seed + sample - 1,
            about={"question": question.id, "language": language, "sample": sample},
        )
        for sample in range(1, plan.samples + 1)
        for matched in _chosen(plan.sets, questions)
        for question in matched.questions
        for language in plan.languages
    ]


def cost(asked: Sequence[Request], sampling: Sampling) -> Cost:
    """What the requests will take, before any is made."""
    # About four letters a token in English, about one character a token in Chinese; some more for the template.
    prompts = sum(12 + sum(1.0 if ord(letter) > 0x2E7F else 0.25 for letter in request.prompt) for request in asked)
    return Cost(len(asked), round(prompts), len(asked) * sampling.max_tokens)


def run(plan: Plan, questions: QuestionSet, results: Path) -> Path:
    """Ask what has not been answered yet, and write the answers.

    Returns:
        The file of the answers.

    Raises:
        ReportError: the folder holds answers that were drawn otherwise, or the endpoint fails; what was answered
            until then is written.
    """
    folder = folder_of(results, plan.endpoint.model, questions)
    recorded = {
        "model": plan.endpoint.model,
        "endpoint": plan.endpoint.url,
        "question_set": questions.version,
        "temperature": plan.sampling.temperature,
        "max_tokens": plan.sampling.max_tokens,
        "seed": plan.seed,
        "country": plan.country,
        "origin_country": plan.origin_country,
    }
    for response in responses(folder) if folder.exists() else ():
        for name in ("temperature", "max_tokens", "seed"):
            if response.run.get(name) != recorded[name]:
                raise ReportError(
                    f"{folder}: holds answers drawn with {name} {response.run.get(name)}, not {recorded[name]}; "
                    "give the same, or another --results folder."
                )
    asked = requests(plan, questions)
    try:
        ask(asked, plan.endpoint, plan.sampling, folder, recorded)
    finally:
        if folder.exists():
            written = export(folder)
    return written


def export(folder: Path) -> Path:
    """Write the answers of a folder's logs as JSON Lines.

    Raises:
        ReportError: Inspect is not installed, or a log cannot be read.
    """
    return answers.write((_answer(response) for response in responses(folder)), folder)


def _answer(response: Response) -> Answer:
    run, about = response.run, response.request.about
    return Answer(
        model=run["model"],
        country=run["country"],
        origin_country=run["origin_country"],
        question_set=run["question_set"],
        question=about["question"],
        language=about["language"],
        sample=about["sample"],
        prompt=response.request.prompt,
        seed=response.request.seed,
        temperature=run["temperature"],
        max_tokens=run["max_tokens"],
        answer=response.answer[:KEPT_CHARACTERS],
        characters=len(response.answer),
        stop_reason=response.stop_reason,
        error=response.error,
        at=response.at,
    )


def _chosen(ids: Sequence[str], questions: QuestionSet) -> list[MatchedSet]:
    every = {matched.id: matched for matched in questions.sets}
    unknown = [name for name in ids if name not in every]
    if unknown:
        raise ReportError(f"The questions have no set {unknown[0]!r}; `probe questions` lists them.")
    return [every[name] for name in ids] if ids else list(every.values())
