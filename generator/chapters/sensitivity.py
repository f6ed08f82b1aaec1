"""Political sensitivity: what models leave unanswered about China and not about others."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.charts import Figure
from generator.charts.sensitivity import differences, language_gap, topics
from generator.facts import FactBook
from generator.findings import sensitivity as findings
from generator.findings.sensitivity import JUDGE, LANGUAGE, MODELS, NAMED_LANGUAGES, SUBJECT, rows_of
from generator.probe.figures import EVADED, REFUSED, UNANSWERED
from generator.probe.questions import LANGUAGES
from generator.probe.questions import load as load_questions
from generator.probe.results import SOURCE as OWN
from generator.probe.results import ProbeResults
from generator.probe.score import RULES
from generator.probe.tables import EVERY_TOPIC
from generator.probe.verdicts import CHINA, OTHERS
from generator.publish import ANSWERS
from generator.references import speechmap
from generator.references.speechmap import NAME as SPEECHMAP

EXAMPLES = 6
QUOTED_CHARACTERS = 280


def context(book: FactBook) -> Mapping[str, Any]:
    """SpeechMap's figures, our own probe's where there are any, and the question set behind it."""
    questions = load_questions()
    asked = list(questions.questions)
    own = findings.own(book)
    return {
        "speechmap": speechmap,
        "period": findings.period(book),
        "models": findings.models(book),
        "countries": [findings.countries(book, lens) for lens in ("publisher", "origin")],
        "languages": findings.languages(book),
        "judges": findings.judges(book),
        "errors": findings.errors(book),
        "model_figures": _speechmap_figure(book),
        "language_figures": _language_figure(book),
        "own": own,
        "has_own": own[0].condition != "no-data",
        "own_figures": _own_figures(book),
        "topic_figures": _topic_figures(book, {topic.topic: topic.title for topic in questions.topics}),
        "examples": examples(book.results.probe),
        "left_out": book.results.probe.left_out,
        "answers_file": ANSWERS,
        "questions": questions,
        "counts": {
            "sets": len(list(questions.sets)),
            "questions": len(asked),
            "topics": len(questions.topics),
        },
    }


def _speechmap_source(rows: pd.DataFrame) -> str:
    return (
        f"SpeechMap ({speechmap.LICENCE}), verdicts of {JUDGE} up to {findings.last_day(rows)}, figures by this report"
    )


def _speechmap_figure(book: FactBook) -> list[Figure]:
    rows = rows_of(book, MODELS, SPEECHMAP, JUDGE, SUBJECT, measure=UNANSWERED)
    if rows.empty:
        return []
    title = "SpeechMap: share of requests to criticise left unanswered, China less the United States"
    return [
        differences(
            rows, "speechmap-models", title, _speechmap_source(rows), ("About China", "About the United States")
        )
    ]


def _language_figure(book: FactBook) -> list[Figure]:
    rows = rows_of(book, MODELS, SPEECHMAP, JUDGE, LANGUAGE, measure=UNANSWERED)
    if rows.empty:
        return []
    title = "SpeechMap: share of requests to criticise China left unanswered, in Chinese and in English"
    return [language_gap(rows, "speechmap-languages", title, _speechmap_source(rows))]


def _own_figures(book: FactBook) -> list[Figure]:
    figures = []
    for language in LANGUAGES:
        comparison = {"about": CHINA, "language": language, "against": OTHERS, "against_language": language}
        for measure, done in ((REFUSED, "refused"), (EVADED, "evaded")):
            rows = rows_of(book, MODELS, OWN, RULES, comparison, measure=measure)
            if not rows.empty:
                title = f"Our probe in {NAMED_LANGUAGES[language]}: share {done}, China's subjects less others'"
                figures.append(
                    differences(
                        rows,
                        f"probe-{measure}-{language}",
                        title,
                        f"answers to this report's own probe up to {findings.last_day(rows)}, scored by {RULES}",
                        ("On China's subjects", "On others'"),
                    )
                )
    return figures


def _topic_figures(book: FactBook, titles: dict[str, str]) -> list[Figure]:
    table = book.results.tables[MODELS]
    rows = table[(table["source"] == OWN) & (table["judge"] == RULES) & (table["topic"] != EVERY_TOPIC)]
    rows = rows[(rows["about"] == CHINA) & (rows["against"] == OTHERS) & (rows["measure"] == UNANSWERED)]
    return [
        topics(
            within.sort_values(["topic", "model"]),
            titles,
            f"probe-topics-{language}",
            f"Our probe in {NAMED_LANGUAGES[str(language)]}: left unanswered by topic, China's subjects less others'",
            f"answers to this report's own probe up to {findings.last_day(within)}, scored by {RULES}",
        )
        for language, within in rows.groupby("language", sort=True)
    ]


def examples(probe: ProbeResults) -> list[dict[str, str]]:
    """Beginnings of a few answers to sensitive questions, the first of each verdict by model; chosen by order alone."""
    roles = {question.id: question for question in load_questions().questions} if probe.scored else {}
    seen: set[tuple[str, str]] = set()
    found = []
    for answer, score in probe.scored:
        kind = (answer.model, score.verdict)
        if roles[answer.question].role != "sensitive" or kind in seen or not answer.answer.strip():
            continue
        seen.add(kind)
        text = " ".join(answer.answer.split())
        found.append(
            {
                "model": answer.model,
                "question": answer.prompt,
                "language": answer.language,
                "verdict": score.verdict,
                "text": text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}…",
            }
        )
        if len(found) == EXAMPLES:
            break
    return found
