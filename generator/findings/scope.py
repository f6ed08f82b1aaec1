"""What the figures can and cannot speak of."""

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.results import Results
from generator.wording import count, day

QUALITY = "series-quality"

COVERED_ENOUGH = 0.98
"""Below this the missing models could move a share by more than its last printed digits suggest."""

DAYS_WITHOUT_NEW_MODELS = 14
"""The Hub gains models every day, so a longer silence means that the data stop before the report date."""


def scope(book: FactBook) -> Finding:
    """Which models the figures cover: ``simulated``, ``selection``, ``largest`` (top N of the Hub) or ``hub``."""
    results = book.results
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
            "Hub: models outside it are in no numerator and no denominator.{newest}{missing}",
            newest=_newest(results),
            missing=_missing(book),
            rows=rows,
            file=source.details[0],
        )
        return Finding("scope", "selection", text, "new-model-share-by-country")
    if source.kinds[0] == "hub-weekly":
        text = sentence(
            "These shares speak of all {rows} models that the Hub's weekly snapshot of {date} lists.",
            rows=rows,
            date=day(results.as_of),
        )
        return Finding("scope", "hub", text, "new-model-share-by-country")
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


def _missing(book: FactBook) -> Markup:
    """A warning where models of note are not in the newest snapshot, so that their makers come off too low."""
    table = book.results.tables[QUALITY]
    rows = table[table["as_of"] == book.results.as_of]
    if rows.empty or pd.isna(rows["covered_share"].iloc[0]) or rows["covered_share"].iloc[0] >= COVERED_ENOUGH:
        return Markup("")
    row = rows.iloc[0]
    return sentence(
        " On {date} only {models} models have a counter, and these stood for {covered} of the downloads when all were "
        "counted: the figures leave the others out, and whoever made them comes off too low.",
        models=book.quote(row, QUALITY, "models", "count"),
        date=day(book.results.as_of),
        covered=book.quote(row, QUALITY, "covered_share", "percent"),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
