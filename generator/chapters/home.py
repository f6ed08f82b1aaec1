"""The first page: the headline, its chart, four key figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator import findings
from generator.attribution import UNATTRIBUTED
from generator.chapters.countries import NEW, NEW_SUBJECT, first_year, shares_now, shares_over_time
from generator.facts import Fact, FactBook
from generator.findings.robustness import jackknife, robustness
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.references import published_figures
from generator.selection import newest
from generator.wording import country_name


@dataclass(frozen=True)
class KeyFigure:
    """A number that stands out."""

    label: str
    fact: Fact | str
    note: str


def context(book: FactBook) -> Mapping[str, Any]:
    """The headline and what stands beside it."""
    results = book.results
    return {
        "scope": findings.scope(book),
        "headline": findings.leadership(book),
        "origin": findings.leadership(book, lens="origin"),
        "first_year": first_year(book, "publisher"),
        "overtaking": findings.overtaking(book),
        "robustness": robustness(book),
        "jackknife": jackknife(book),
        "key_figures": _key_figures(book),
        "market": findings.whole_market(book),
        "developers": findings.developers(book),
        "families": findings.families(book),
        "concentration": findings.concentration(book),
        "figures": shares_over_time(results, NEW, "new-model-share", NEW_SUBJECT, reading="cohort")
        or shares_now(results, NEW, "new-model-share", NEW_SUBJECT, reading="cohort"),
        "published": published_figures(),
    }


def _key_figures(book: FactBook) -> list[KeyFigure]:
    results = book.results
    shares = newest(results, NEW, lens="publisher", reading="cohort")
    cards = []
    for code in (COUNTRY, OTHER_COUNTRY, UNATTRIBUTED):
        rows = shares[shares["country"] == code] if not shares.empty else shares
        fact = book.quote(rows.iloc[0], NEW, "share", "percent") if len(rows) else "none"
        cards.append(KeyFigure(country_name(code), fact, "of the downloads of models less than a year old"))
    indices = newest(results, "concentration", lens="publisher", level="developers")
    if not indices.empty:
        number = book.quote(indices.iloc[0], "concentration", "effective_number", "decimal")
        cards.append(KeyFigure("Effective number of developers", number, "equal players would be as concentrated"))
    return cards
