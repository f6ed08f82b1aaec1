"""Derivatives: whose models others build upon."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.chapters.family import addresses
from generator.charts import derivatives as charts
from generator.charts.figure import Figure
from generator.facts import FactBook
from generator.findings import derivatives as findings
from generator.findings.scope import scope
from generator.references.derivatives import derivative_figures
from generator.results import Results
from generator.selection import DATES_FOR_A_LINE
from generator.slugs import printable
from generator.wording import count

BY_RELATION = "derivatives-by-relation"


def context(book: FactBook) -> Mapping[str, Any]:
    """The origins, families and makers of derivatives, and the models most built upon."""
    results = book.results
    built = results.tables[findings.MOST_BUILT_UPON]
    derivatives = results.tables[findings.LINEAGES].set_index("family")["derivatives"].to_dict()
    return {
        "scope": scope(book),
        "selected": findings.selected(results),
        "findings": [findings.built_upon(book, 12), findings.built_upon(book, 1)],
        "figures": _over_time(results, findings.BY_ORIGIN, charts.derivatives_by_country),
        "family": findings.leading_family(book),
        "family_figures": _over_time(results, findings.BY_FAMILY, charts.derivatives_by_family),
        "relation_figures": _over_time(results, BY_RELATION, charts.derivatives_by_relation),
        "models": [findings.most_built_upon(book), findings.longest_chain(book)],
        "model_figures": [] if built.empty else [charts.most_built_upon(built, "most-built-upon")],
        "families": [
            (printable(family), slug, count(derivatives[family])) for family, slug in addresses(results).items()
        ],
        "published": derivative_figures(),
        "enough": findings.ENOUGH,
    }


def _over_time(results: Results, metric: str, chart: Any) -> list[Figure]:
    """A chart of the whole windows of twelve months that hold enough derivatives, where there are months enough."""
    rows: pd.DataFrame = findings.whole_windows(results, metric, 12)
    rows = rows[rows["total"] >= findings.ENOUGH]
    return [chart(rows, metric)] if rows["month"].nunique() >= DATES_FOR_A_LINE else []
