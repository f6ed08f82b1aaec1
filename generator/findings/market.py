"""The whole market: countries, sectors, developers, families and how concentrated it is."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import Fact, FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.top_families import UNASSIGNED
from generator.selection import newest
from generator.wording import in_sentence, window

ALL_BY_COUNTRY = "all-downloads-share-by-country"
ALL_BY_SECTOR = "all-downloads-share-by-sector"
DEVELOPERS = "top-developers"
FAMILIES = "top-families"
CONCENTRATION = "concentration"

NO_DOWNLOADS = Markup("There are no downloads in this edition's data to speak of.")

SECTOR_WORDS = {
    "company": "companies",
    "academia": "universities and their laboratories",
    "non-profit": "non-profit organisations",
    "government": "government bodies",
    "community": "communities",
    "individual": "individuals",
}


def whole_market(book: FactBook, lens: str = "publisher") -> Finding:
    """The leading countries over all models: ``ranked``, ``one-country`` or ``no-data``."""
    rows = newest(book.results, ALL_BY_COUNTRY, lens=lens)
    ranked = rows[rows["rank"].notna() & rows["share"].notna()] if not rows.empty else rows
    if ranked.empty:
        return Finding("whole-market", "no-data", NO_DOWNLOADS, ALL_BY_COUNTRY)
    first = ranked.iloc[0]
    facts = {
        "window": window(first),
        "first": in_sentence(first["country"]),
        "a": book.quote(first, ALL_BY_COUNTRY, "share", "percent"),
        "rest": _unattributed(book, rows),
    }
    if len(ranked) == 1:
        text = sentence(
            "Over all models, old and new, {first} is the only country with attributed downloads {window}: it "
            "holds {a} of them; {rest} are unattributed.",
            **facts,
        )
        return Finding("whole-market", "one-country", text, ALL_BY_COUNTRY)
    second = ranked.iloc[1]
    text = sentence(
        "Over all models, old and new, {first} holds {a} of the downloads {window} and {second} {b}; {rest} are "
        "unattributed.",
        second=in_sentence(second["country"]),
        b=book.quote(second, ALL_BY_COUNTRY, "share", "percent"),
        **facts,
    )
    return Finding("whole-market", "ranked", text, ALL_BY_COUNTRY)


def sectors(book: FactBook, lens: str = "publisher") -> Finding:
    """What share is not a company's: ``known`` or ``no-data``."""
    rows = newest(book.results, ALL_BY_SECTOR, lens=lens)
    known = rows[(rows["sector"] != UNATTRIBUTED) & rows["share"].notna()] if not rows.empty else rows
    if known.empty:
        return Finding("sectors", "no-data", NO_DOWNLOADS, ALL_BY_SECTOR)
    first = known.iloc[0]
    parts = [
        sentence(
            "{share} went to {sector}",
            share=book.quote(row, ALL_BY_SECTOR, "share", "percent"),
            sector=SECTOR_WORDS[row["sector"]],
        )
        for _, row in known.iterrows()
    ]
    text = sentence(
        "Of the downloads {window}, {parts}; {rest} are unattributed.",
        window=window(first),
        parts=_list(parts),
        rest=_unattributed(book, rows),
    )
    return Finding("sectors", "known", text, ALL_BY_SECTOR)


def developers(book: FactBook, lens: str = "publisher") -> Finding:
    """The most downloaded organisation and the next two: ``ranked`` or ``no-data``."""
    rows = newest(book.results, DEVELOPERS, lens=lens)
    opening = "The most downloaded developer {window} is"
    if lens == "origin":
        opening = (
            "Counted by who developed the model at the root of the lineage, the most downloaded developer {window} is"
        )
    return _ranking(book, rows, DEVELOPERS, "organisation", opening)


def families(book: FactBook) -> Finding:
    """The most downloaded family and the next two: ``ranked`` or ``no-data``."""
    rows = newest(book.results, FAMILIES)
    if not rows.empty:
        rows = rows[rows["family"] != UNASSIGNED]
    return _ranking(book, rows, FAMILIES, "family", "The most downloaded family of models {window} is")


def concentration(book: FactBook, lens: str = "publisher") -> Finding:
    """How many equal developers would give the same concentration: ``known`` or ``no-data``."""
    rows = newest(book.results, CONCENTRATION, lens=lens, level="developers")
    models = newest(book.results, CONCENTRATION, lens=lens, level="models")
    if rows.empty or models.empty:
        return Finding("concentration", "no-data", NO_DOWNLOADS, CONCENTRATION)
    row = rows.iloc[0]
    text = sentence(
        "Downloads {window} are as concentrated as if {n} developers of equal size shared them "
        "(Herfindahl–Hirschman index {hhi}): the largest five of {units} hold {top5}, and the ten most downloaded "
        "models alone {models10}.",
        window=window(row),
        n=book.quote(row, CONCENTRATION, "effective_number", "decimal"),
        hhi=book.quote(row, CONCENTRATION, "hhi", "index"),
        units=book.quote(row, CONCENTRATION, "units", "count"),
        top5=book.quote(row, CONCENTRATION, "top_5_share", "percent"),
        models10=book.quote(models.iloc[0], CONCENTRATION, "top_10_share", "percent"),
    )
    return Finding("concentration", "known", text, CONCENTRATION)


def _ranking(book: FactBook, rows: pd.DataFrame, metric: str, of: str, opening: str) -> Finding:
    ranked = rows[rows["share"].notna()] if not rows.empty else rows
    if ranked.empty:
        return Finding(metric, "no-data", NO_DOWNLOADS, metric)
    names = [
        sentence(
            "{name} ({share})",
            name=Markup("<strong>{}</strong>").format(row[of]) if position == 0 else row[of],
            share=book.quote(row, metric, "share", "percent"),
        )
        for position, (_, row) in enumerate(ranked.head(3).iterrows())
    ]
    text = sentence(opening, window=window(ranked.iloc[0])) + sentence(" {first}", first=names[0])
    if len(names) > 1:
        text += sentence(", before {rest}", rest=_list(names[1:]))
    return Finding(metric, "ranked", text + ".", metric)


def _unattributed(book: FactBook, rows: pd.DataFrame) -> Fact | str:
    of = "country" if "country" in rows else "sector"
    rest = rows[rows[of] == UNATTRIBUTED]
    if rest.empty:
        return "none"
    return book.quote(rest.iloc[0], ALL_BY_COUNTRY if of == "country" else ALL_BY_SECTOR, "share", "percent")


def _list(parts: list[Markup]) -> Markup:
    if len(parts) == 1:
        return parts[0]
    return Markup(", ").join(parts[:-1]) + " and " + parts[-1]
