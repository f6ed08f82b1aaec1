"""What the report knows of the probe: every answer of the results folder, scored, as verdicts."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from generator.attribution import registry
from generator.probe import answers, judge, score, verdicts
from generator.probe.answers import Answer
from generator.probe.questions import MatchedSet, Question, QuestionSet, Topic
from generator.probe.questions import load as load_questions
from generator.probe.score import RULES, Score
from generator.probe.verdicts import CHINA, ERROR, NEUTRAL, OTHERS

SOURCE = "Open Model Report"
VERDICT_FOLDER = "verdicts"
"""Below the results folder: verdicts that others published, in the format of ``verdicts.py``."""

_ABOUT = {"sensitive": CHINA, "matched": OTHERS, "control": NEUTRAL}


# Compared by identity: a frame of verdicts has no hash.
@dataclass(frozen=True, eq=False)
class ProbeResults:
    """Verdicts of our own probe and of others, with the scored answers behind our own.

    ``left_out`` has a sentence on each group of answers that do not belong to the present questions.
    """

    verdicts: pd.DataFrame = field(default_factory=verdicts.empty)
    scored: tuple[tuple[Answer, Score], ...] = ()
    left_out: tuple[str, ...] = ()

    @cached_property
    def models(self) -> pd.DataFrame:
        """Whose each model is: source, model, organisation, country, origin_country, open_weights; unknown is null.

        What the verdicts say goes before what the registry knows of the model's namespace.
        """
        known = {item.namespace.lower(): item for item in registry.load()}
        named = self.verdicts[["source", "model", "country", "origin_country"]]
        rows = []
        for row in named.drop_duplicates(["source", "model"]).to_dict("records"):
            namespace, _, name = str(row["model"]).partition("/")
            listed = known.get(namespace.lower()) if name else None
            country = row["country"] if isinstance(row["country"], str) else listed.country if listed else None
            rows.append(
                {
                    "source": row["source"],
                    "model": row["model"],
                    "organisation": listed.organisation if listed else None,
                    "country": country,
                    "origin_country": row["origin_country"] if isinstance(row["origin_country"], str) else country,
                    "open_weights": None,
                }
            )
        columns = ["source", "model", "organisation", "country", "origin_country", "open_weights"]
        return pd.DataFrame(rows, columns=columns, dtype="object")


def load(folder: Path) -> ProbeResults:
    """Read and score everything below the results folder; nothing where there is no such folder.

    Raises:
        ReportError: a file cannot be read.
    """
    if not folder.is_dir():
        return ProbeResults()
    questions = load_questions()
    loaded = answers.load(folder, questions)
    scored = tuple((answer, _score(answer, questions)) for answer in loaded.answers)
    own = as_verdicts(scored, questions)
    parts = [own, _judged(folder, own)]
    parts += [
        verdicts.read(path)
        for path in sorted((folder / VERDICT_FOLDER).glob("*"))
        if path.suffix in (".csv", ".parquet")
    ]
    filled = [part for part in parts if not part.empty]
    return ProbeResults(pd.concat(filled, ignore_index=True) if filled else verdicts.empty(), scored, loaded.left_out)


def as_verdicts(scored: tuple[tuple[Answer, Score], ...], questions: QuestionSet) -> pd.DataFrame:
    """Scored answers in the format of verdicts, the rules being the judge."""
    if not scored:
        return verdicts.empty()
    places = {
        question.id: (topic, matched, question)
        for topic in questions.topics
        for matched in topic.sets
        for question in matched.questions
    }
    return verdicts.table(pd.DataFrame([_row(answer, reading, *places[answer.question]) for answer, reading in scored]))


def _row(answer: Answer, reading: Score, topic: Topic, matched: MatchedSet, question: Question) -> dict[str, object]:
    return {
        "source": SOURCE,
        "model": answer.model,
        "set": matched.id,
        "about": _ABOUT[question.role],
        "question": question.id,
        "language": answer.language,
        "verdict": reading.verdict,
        "judge": RULES,
        "date": answer.at.date(),
        "topic": topic.topic,
        "sample": answer.sample,
        "fact_coverage": reading.fact_coverage,
        "official": float(reading.official),
        "country": answer.country,
        "origin_country": answer.origin_country,
    }


def _score(answer: Answer, questions: QuestionSet) -> Score:
    if answer.error:
        return Score(ERROR, (), None, False, "none", False)
    return score.score(
        answer.answer,
        questions.question(answer.question),
        truncated=answer.stop_reason in ("max_tokens", "model_length"),
        characters=answer.characters,
    )


def _judged(folder: Path, own: pd.DataFrame) -> pd.DataFrame:
    """The judge models' verdicts on the same answers, all else as the rules have it."""
    judged = pd.DataFrame(judge.load(folder))
    if judged.empty or own.empty:
        return verdicts.empty()
    keys = ["model", "question", "language", "sample"]
    joined = own.drop(columns=["judge", "verdict", "date"]).merge(
        judged[[*keys, "judge", "verdict", "at"]].rename(columns={"at": "date"}), on=keys
    )
    joined["date"] = pd.to_datetime(joined["date"], format="ISO8601", utc=True).dt.tz_localize(None).dt.normalize()
    return verdicts.table(joined)
