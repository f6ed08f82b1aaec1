"""A page for each country with a noticeable share."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from generator import profiles
from generator.charts.sparkline import sparkline
from generator.facts import FactBook
from generator.findings.derivatives import BY_ORIGIN, MOST_BUILT_UPON, whole_windows
from generator.findings.scope import scope
from generator.findings.standing import standing
from generator.profiles import ALL, NEW
from generator.wording import country_name, in_sentence, percent

MODELS = "top-models-by-country"
FAMILIES = "top-families-by-country"
MEMBERS = "top-organisations-by-country"
CADENCE = "release-cadence-by-country"
LABS = "release-cadence"
READINGS: dict[str, dict[str, str]] = {ALL: {}, NEW: {"reading": "cohort"}}
SUBJECTS = {ALL: "all downloads", NEW: "the downloads of models less than a year old"}


def pages(book: FactBook) -> Mapping[str, Mapping[str, Any]]:
    """The context of every page by its slug."""
    results = book.results
    organisations = profiles.organisations(results)
    histories = {metric: profiles.histories(results, metric, "country", **READINGS[metric]) for metric in READINGS}
    models, families, members = (
        profiles.of_group(results.tables[metric], "country") for metric in (MODELS, FAMILIES, MEMBERS)
    )
    said = scope(book)
    cadence, labs, built_upon = (profiles.at_newest(results, metric) for metric in (CADENCE, LABS, MOST_BUILT_UPON))
    derivatives = whole_windows(results, BY_ORIGIN, 12)
    filled = {}
    for code, slug in profiles.countries(results).items():
        subject = in_sentence(code)
        opening = subject[0].upper() + subject[1:]
        rows = {metric: profiles.now(results, metric, "country", code, **READINGS[metric]) for metric in READINGS}
        history = {metric: histories[metric].get(code, pd.DataFrame()) for metric in READINGS}
        descendants = derivatives[derivatives["country"] == code]
        filled[slug] = {
            "code": code,
            "name": country_name(code),
            "scope": said,
            "findings": [standing(book, metric, rows[metric], opening, SUBJECTS[metric]) for metric in READINGS],
            "rows": [("All models", rows[ALL]), ("Models less than a year old", rows[NEW])],
            "history": _by_date(history),
            "lines": [
                (title, _line(history[metric], SUBJECTS[metric]))
                for metric, title in ((ALL, "All models"), (NEW, "Models less than a year old"))
            ],
            "members": members.get(("publisher", code)),
            "organisations": organisations,
            "models": {lens: models.get((lens, code)) for lens in profiles.LENSES},
            "families": families.get(("publisher", code)),
            "cadence": cadence[cadence["country"] == code],
            "labs": labs[labs["country"] == code],
            "derivatives": descendants,
            "derivatives_line": _derivatives_line(descendants),
            "built_upon": built_upon[built_upon["country"] == code],
            "address": partial(profiles.hub_address, results=results),
        }
    return filled


def _line(history: pd.DataFrame, subject: str) -> Any:
    if history.empty:
        return ""
    last = history["publisher_share"].iloc[-1]
    label = f"Share of {subject} by publisher, lastly {percent(last)}"
    return sparkline([profiles.line(history, lens) for lens in profiles.LENSES], label)


def _derivatives_line(rows: pd.DataFrame) -> Any:
    if rows.empty:
        return ""
    label = f"Share of the world's new derivatives, lastly {percent(rows['share'].iloc[-1])}"
    return sparkline([dict(zip(rows["month"], rows["share"], strict=True))], label)


def _by_date(history: Mapping[str, pd.DataFrame]) -> list[tuple[Any, list[float | None]]]:
    """The shares at each date, the newest first: all models by publisher and origin, then new ones."""
    lines = [
        {} if frame.empty else profiles.line(frame, lens) for frame in history.values() for lens in profiles.LENSES
    ]
    return [(day, [line.get(day) for line in lines]) for day in profiles.dates(list(history.values()))]
