"""The list of the organisations that have a page."""

from collections.abc import Mapping
from typing import Any

from generator import profiles
from generator.charts.sparkline import sparkline
from generator.facts import FactBook
from generator.findings.scope import scope
from generator.profiles import HISTORY
from generator.slugs import printable

LINE = (120, 28)


def context(book: FactBook) -> Mapping[str, Any]:
    """A row for each organisation, in the order of rank."""
    results = book.results
    countries = profiles.countries(results)
    histories = profiles.histories(results, HISTORY, "organisation")
    standings = profiles.standings(results, HISTORY, "organisation")
    entries = []
    for name, slug in profiles.organisations(results).items():
        rows = standings[name]
        line = sparkline([profiles.line(histories[name], "publisher")], "Share by publisher over time", *LINE)
        published = rows["publisher"]
        country = countries.get(str(published["country"])) if published is not None else None
        entries.append({"name": printable(name), "slug": slug, "country_page": country, "line": line, **rows})
    return {"scope": scope(book), "entries": entries}
