"""How open new models are: licences, gates, training data, two countries compared, and the labs' strategies."""

from datetime import date

import pandas as pd
from markupsafe import Markup

from generator.facts import Fact, FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.frontier_releases import SINCE
from generator.metrics.openness_by_country import LICENCE_COLUMNS
from generator.metrics.openness_by_year import UNKNOWN_YEAR
from generator.selection import newest
from generator.wording import in_sentence, window

OPENNESS = "openness"
BY_COUNTRY = "openness-by-country"
BY_YEAR = "openness-by-year"
RELEASES = "frontier-releases"
COUNTRY, OTHER_COUNTRY = "CN", "US"

LEVEL = 0.005
"""Shares that lie nearer than this are called level: the last digits printed would suggest too much."""

UNCLEAR = tuple(LICENCE_COLUMNS[name] for name in ("other", "none"))

NO_NEW_MODELS = Markup("There are no downloads of models less than a year old in this edition's data to speak of.")


def licences(book: FactBook) -> Finding:
    """Under what licences new models are downloaded: ``known``, ``unclear`` (mostly untold) or ``no-data``."""
    rows = _trait(book, "licence-class")
    if rows.empty:
        return Finding("licences", "no-data", NO_NEW_MODELS, OPENNESS)
    shares = rows.set_index("value")["share"]
    unclear = float(shares.get("other", 0.0) + shares.get("none", 0.0)) > 0.5
    text = sentence(
        "Of the downloads of models less than a year old {window}, {open} went to models under an open-source "
        "licence, {content} to models under other open licences, {restricted} to open weights with restrictions of "
        "use and {non_commercial} to models for non-commercial use only; {other} went to models whose licence "
        "belongs to no class known here and {none} to models that state none.",
        window=window(rows.iloc[0]),
        open=_value(book, rows, "open-source"),
        content=_value(book, rows, "open-other"),
        restricted=_value(book, rows, "restricted"),
        non_commercial=_value(book, rows, "non-commercial"),
        other=_value(book, rows, "other"),
        none=_value(book, rows, "none"),
    )
    if unclear:
        text += Markup(" For most of these downloads the licence cannot be told, so no class can be said to lead.")
    return Finding("licences", "unclear" if unclear else "known", text, OPENNESS)


def gates(book: FactBook) -> Finding:
    """How much lies behind a gate: ``known``, ``unknown`` (the source does not say) or ``no-data``."""
    rows = _trait(book, "gate")
    if rows.empty:
        return Finding("gates", "no-data", NO_NEW_MODELS, OPENNESS)
    if set(rows["value"]) == {"unknown"}:
        text = Markup("This edition's data do not tell which models are gated.")
        return Finding("gates", "unknown", text, OPENNESS)
    text = sentence(
        "Files are handed out only after a form for {auto} of these downloads, and only after the publisher's approval "
        "for {manual}.",
        auto=_value(book, rows, "auto"),
        manual=_value(book, rows, "manual"),
    )
    if "unknown" in set(rows["value"]):
        text += sentence(" For {unknown} the data do not tell.", unknown=_value(book, rows, "unknown"))
    return Finding("gates", "known", text, OPENNESS)


def disclosure(book: FactBook) -> Finding:
    """How many new models name a data set: ``known``, ``unknown`` (no tags in the source) or ``no-data``."""
    rows = _trait(book, "disclosure")
    if rows.empty:
        return Finding("disclosure", "no-data", NO_NEW_MODELS, OPENNESS)
    if set(rows["value"]) == {"unknown"}:
        text = Markup("This edition's data hold no tags, so they do not tell which models name their training data.")
        return Finding("disclosure", "unknown", text, OPENNESS)
    text = sentence(
        "Models that name at least one data set took {share} of the downloads of models less than a year old {window}; "
        "they are {models} of these models.",
        window=window(rows.iloc[0]),
        share=_value(book, rows, "disclosed"),
        models=_value(book, rows, "disclosed", "models_share"),
    )
    return Finding("disclosure", "known", text, OPENNESS)


def by_year(book: FactBook) -> Finding:
    """Disclosure in the first and the last year of creation.

    Conditions: ``falling``, ``rising``, ``level``, ``one-year`` or ``no-data``.
    """
    rows = years(book)
    rows = rows[(rows["year"] != UNKNOWN_YEAR) & rows["disclosed_share"].notna()]
    if rows.empty:
        text = Markup("This edition's data do not tell for any year of creation which models name their training data.")
        return Finding("disclosure-by-year", "no-data", text, BY_YEAR)
    first, last = rows.iloc[0], rows.iloc[-1]
    kind = "all-time downloads" if first["basis"] == "all-time" else "downloads of the last 30 days"
    opening = sentence(
        "Of the {kind} of the {models} models created in {year}, {share} went to models that name a data set",
        kind=kind,
        models=book.quote(first, BY_YEAR, "models", "count"),
        year=book.quote(first, BY_YEAR, "year", "name"),
        share=book.quote(first, BY_YEAR, "disclosed_share", "percent"),
    )
    if len(rows) == 1:
        text = opening + Markup("; there is no other year to compare with.")
        return Finding("disclosure-by-year", "one-year", text, BY_YEAR)
    change = last["disclosed_share"] - first["disclosed_share"]
    condition = "level" if abs(change) < LEVEL else "rising" if change > 0 else "falling"
    words = {"level": "about as much", "rising": "more", "falling": "less"}
    text = opening + sentence(
        "; of those of the {models} models created in {year} it is {words}, {share}.",
        words=words[condition],
        models=book.quote(last, BY_YEAR, "models", "count"),
        year=book.quote(last, BY_YEAR, "year", "name"),
        share=book.quote(last, BY_YEAR, "disclosed_share", "percent"),
    )
    return Finding("disclosure-by-year", condition, text, BY_YEAR)


def two_countries(book: FactBook, lens: str = "publisher") -> Finding:
    """Whose new models are more often under an open-source licence, China's or the United States'.

    Conditions: ``lead`` (China's are), ``reversed``, each also ``…-within-bounds`` where the licences that nobody can
    class could turn it, ``tie``, ``one-sided`` (one of the two has no downloads) or ``no-data``.
    """
    rows = newest(book.results, BY_COUNTRY, lens=lens)
    known = rows[rows["country"].isin([COUNTRY, OTHER_COUNTRY]) & rows["open_source_share"].notna()]
    if known.empty:
        text = Markup("There are no downloads of new models from China or the United States to compare by licence.")
        return Finding("open-source-by-country", "no-data", text, BY_COUNTRY)
    known = known.sort_values("open_source_share", ascending=False, kind="stable")
    first = known.iloc[0]
    said = sentence(
        "Of the downloads of new models from {country} {window}, {share} went to models under an open-source licence",
        country=in_sentence(first["country"]),
        window=window(first),
        share=book.quote(first, BY_COUNTRY, "open_source_share", "percent"),
    )
    if len(known) == 1:
        other = in_sentence(OTHER_COUNTRY if first["country"] == COUNTRY else COUNTRY)
        text = said + sentence("; new models from {other} have no downloads to compare.", other=other)
        return Finding("open-source-by-country", "one-sided", text, BY_COUNTRY)
    second = known.iloc[1]
    margin = first["open_source_share"] - second["open_source_share"]
    tie = margin < LEVEL
    text = said + sentence(
        ", about as much as of those from {other} ({share})." if tie else ", against {share} of those from {other}.",
        other=in_sentence(second["country"]),
        share=book.quote(second, BY_COUNTRY, "open_source_share", "percent"),
    )
    if tie:
        return Finding("open-source-by-country", "tie", text, BY_COUNTRY)
    condition = "lead" if first["country"] == COUNTRY else "reversed"
    untold = sum(float(second[column]) for column in UNCLEAR)
    if untold > margin:
        text += sentence(
            " For new models from {country}, the licences that cannot be classed ({other} of the downloads) or are not "
            "stated ({none}) could turn this.",
            country=in_sentence(second["country"]),
            other=book.quote(second, BY_COUNTRY, LICENCE_COLUMNS["other"], "percent"),
            none=book.quote(second, BY_COUNTRY, LICENCE_COLUMNS["none"], "percent"),
        )
        condition += "-within-bounds"
    return Finding("open-source-by-country", condition, text, BY_COUNTRY)


def strategies(book: FactBook) -> Finding:
    """Releases of the register with open and with closed weights, by country: ``counted`` or ``no-data``."""
    rows = book.results.tables[RELEASES]
    rows = rows[rows["number"] > 0]
    if rows.empty:
        return Finding("strategies", "no-data", Markup("The register of frontier releases is empty."), RELEASES)
    totals = rows.groupby("country")["release"].count().sort_values(ascending=False, kind="stable")
    parts = [
        sentence(
            "{country} {open} with open weights and {closed} without",
            country=in_sentence(country),
            open=_counted(book, rows, country, "open"),
            closed=_counted(book, rows, country, "closed"),
        )
        for country in totals.index
    ]
    text = sentence(
        "Since {since} the register below counts for {parts}. It is a choice of well-known releases, not a sample.",
        since=f"{date.fromisoformat(f'{SINCE}-01'):%B %Y}",
        parts=Markup("; for ").join(parts),
    )
    return Finding("strategies", "counted", text, RELEASES)


def years(book: FactBook) -> pd.DataFrame:
    """The rows of the newest date by year of creation, by all-time downloads where they are known."""
    table = book.results.tables[BY_YEAR]
    rows: pd.DataFrame = table[table["as_of"] == book.results.as_of]
    if (rows["basis"] == "all-time").any():
        rows = rows[rows["basis"] == "all-time"]
    return rows.sort_values("year")


def _trait(book: FactBook, trait: str) -> pd.DataFrame:
    rows = newest(book.results, OPENNESS, trait=trait)
    return rows[rows["share"].notna()]


def _value(book: FactBook, rows: pd.DataFrame, value: str, column: str = "share") -> Fact | str:
    row = rows[rows["value"] == value]
    return "none" if row.empty else book.quote(row.iloc[0], OPENNESS, column, "percent")


def _counted(book: FactBook, rows: pd.DataFrame, country: str, weights: str) -> Fact | str:
    chosen = rows[(rows["country"] == country) & (rows["weights"] == weights)]
    # The running number of the last row is their count.
    return "none" if chosen.empty else book.quote(chosen.sort_values("number").iloc[-1], RELEASES, "number", "count")
