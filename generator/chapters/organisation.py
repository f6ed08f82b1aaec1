"""A page for each leading organisation."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from generator import profiles
from generator.charts.sparkline import sparkline
from generator.facts import FactBook
from generator.findings.scope import scope
from generator.findings.standing import standing
from generator.profiles import HISTORY
from generator.slugs import printable
from generator.wording import percent

MODELS = "top-models-by-organisation"
FAMILIES = "top-families-by-organisation"
CADENCE = "release-cadence"
BUILT_UPON = "most-built-upon"


def pages(book: FactBook) -> Mapping[str, Mapping[str, Any]]:
    """The context of every page by its slug."""
    results = book.results
    countries = profiles.countries(results)
    histories = profiles.histories(results, HISTORY, "organisation")
    standings = profiles.standings(results, HISTORY, "organisation")
    models = profiles.of_group(results.tables[MODELS], "organisation")
    families = profiles.of_group(results.tables[FAMILIES], "organisation")
    said = scope(book)
    cadence, built_upon = (profiles.at_newest(results, metric) for metric in (CADENCE, BUILT_UPON))
    cadences, built = (dict(list(rows.groupby("organisation", sort=False))) for rows in (cadence, built_upon))
    filled = {}
    for name, slug in profiles.organisations(results).items():
        rows = standings[name]
        history = histories[name]
        label = f"Share of all downloads by publisher, lastly {percent(history['publisher_share'].iloc[-1])}"
        filled[slug] = {
            "name": printable(name),
            "slug": slug,
            "about": rows["publisher"],
            "country_page": countries.get(str(rows["publisher"]["country"])) if rows["publisher"] is not None else None,
            "scope": said,
            "finding": standing(book, HISTORY, rows, name, "all downloads"),
            "rows": rows,
            "history": history.iloc[::-1],
            "line": sparkline([profiles.line(history, lens) for lens in profiles.LENSES], label),
            "models": {lens: models.get((lens, name)) for lens in profiles.LENSES},
            "families": families.get(("publisher", name)),
            "cadence": cadences.get(name, cadence.iloc[:0]),
            "built_upon": built.get(name, built_upon.iloc[:0]),
            "address": partial(profiles.hub_address, results=results),
        }
    return filled
