"""Modality and video: what new models read and write, and who leads in each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from generator.charts.countries import shares_now, shares_over_time
from generator.charts.figure import Figure
from generator.charts.modality import countries_by_modality, modalities_now, modalities_over_time
from generator.facts import FactBook
from generator.findings import modality as said
from generator.findings import scope
from generator.findings.finding import Finding
from generator.metrics.video_by_country import ALL_VIDEO
from generator.results import Results
from generator.selection import makes_a_line, newest, series
from generator.traits.modality import UNKNOWN

LENSES = ("publisher", "origin")
VIDEO_SUBJECT = "downloads of new models that make video"
NOT_DRAWN = "Drawn are the countries that lead at the last date; what the lines lack of the whole is other countries'."


def context(book: FactBook) -> Mapping[str, Any]:
    """Modalities now and over time, their countries, and video."""
    return {
        "scope": scope(book),
        "modality_findings": [said.leading_modality(book), said.by_number(book)],
        "modality_figures": _modalities(book.results),
        "country_findings": [said.leading_countries(book, lens) for lens in LENSES],
        "country_figures": _countries(book.results),
        "video_findings": _video_findings(book),
        "video_change": said.video_change(book),
        "video_figures": _video(book.results),
    }


def _video_findings(book: FactBook) -> list[Finding]:
    findings = [said.video_leader(book, lens) for lens in LENSES]
    # Without any, the two lenses would say the same twice.
    if all(finding.condition == "no-data" for finding in findings):
        return findings[:1]
    if any(finding.condition in ("too-few", "no-data", "unattributed") for finding in findings):
        return findings
    return [*findings, said.video_tasks(book)]


def _modalities(results: Results) -> list[Figure]:
    now = newest(results, said.MODALITY)
    if now.empty or now["share"].isna().all():
        return []
    through_time = series(results, said.MODALITY)
    figures = [modalities_now(now, "modalities")]
    if makes_a_line(through_time[through_time["share"].notna()]):
        figures.append(modalities_over_time(through_time, "modalities-over-time"))
    return figures


def _countries(results: Results) -> list[Figure]:
    figures = []
    for lens in LENSES:
        rows = newest(results, said.BY_COUNTRY, lens=lens)
        rows = rows[rows["share"].notna() & (rows["modality"] != UNKNOWN)]
        # As in the sentences: a handful of models makes no comparison of countries.
        enough = rows[rows.groupby("modality")["models"].transform("sum") >= said.TOO_FEW]
        if not enough.empty:
            figures.append(countries_by_modality(enough, f"modality-countries-{lens}"))
    return figures


def _video(results: Results) -> list[Figure]:
    tables = [newest(results, said.VIDEO, lens=lens, task=ALL_VIDEO) for lens in LENSES]
    # Bars of a handful of models would look like a finding that the sentence above denies.
    if any(rows["share"].isna().all() or rows["models"].sum() < said.TOO_FEW for rows in tables):
        return []
    figures = [shares_now(pd.concat(tables), "video-countries", said.VIDEO, VIDEO_SUBJECT)]
    through_time = series(results, said.VIDEO, lens="publisher", task=ALL_VIDEO)
    if makes_a_line(through_time):
        over_time = shares_over_time(through_time, "video-over-time", said.VIDEO, VIDEO_SUBJECT)
        figures.append(replace(over_time, key=f"{over_time.key} {NOT_DRAWN}"))
    return figures
