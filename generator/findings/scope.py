"""What the figures can and cannot speak of."""

from markupsafe import Markup

from generator.facts import sentence
from generator.findings.finding import Finding
from generator.results import Results
from generator.wording import count, day

DAYS_WITHOUT_NEW_MODELS = 14
"""The Hub gains models every day, so a longer silence means that the data stop before the report date."""


def scope(results: Results) -> Finding:
    """Which models the figures cover: ``simulated``, ``selection``, ``largest`` (top N of the Hub) or ``hub``."""
    source = results.source
    rows = count(_whole(source.coverage.get("rows")))
    if source.simulated:
        text = Markup(
            "These figures come from a <strong>simulation</strong> with planted values, made to try the software. "
            "They say nothing about the real Hub."
        )
        return Finding("scope", "simulated", text, "new-model-share-by-country")
    if source.selection:
        text = sentence(
            "These shares speak of the {rows} models in <code>{file}</code>, a selection, not of the whole "
            "Hub: models outside it are in no numerator and no denominator.{newest}",
            newest=_newest(results),
            rows=rows,
            file=source.details[0],
        )
        return Finding("scope", "selection", text, "new-model-share-by-country")
    lowest = source.coverage.get("lowest_downloads_30d")
    text = sentence(
        "These shares speak of the {rows} most downloaded models of the Hub on {date}; the least downloaded of them "
        "had {lowest} downloads in 30 days.",
        rows=rows,
        date=day(results.as_of),
        lowest=count(_whole(lowest)),
    )
    return Finding("scope", "largest", text, "new-model-share-by-country")


def _newest(results: Results) -> str:
    """A warning where the file stops before the report date, so that the youngest models are missing."""
    newest = results.newest_creation
    if newest is None or (results.as_of - newest).days < DAYS_WITHOUT_NEW_MODELS:
        return ""
    return f" The newest of them was created on {day(newest)}, so models younger than that are missing."


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
