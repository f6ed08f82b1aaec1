"""Whether the lead is an artefact of the definition, or of one organisation."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator import findings
from generator.charts.robustness import margins_over_time, margins_without, specification_curve
from generator.facts import FactBook
from generator.findings.robustness import by_choice, definitions, headline, history, jackknife, left_out, robustness
from generator.selection import makes_a_line


def context(book: FactBook) -> Mapping[str, Any]:
    """The specification curve, its history and the jackknife."""
    results = book.results
    rows = definitions(results)
    curve = [] if rows.empty else [specification_curve(rows, by_choice(rows), headline(rows), "specification-curve")]
    table = results.tables["lead-robustness"]
    known = table[table["margin"].notna()]
    if makes_a_line(known):
        plain = pd.concat([headline(dated) for _, dated in known.groupby("as_of")])
        over_time = [margins_over_time(known, plain, "definitions-over-time")]
    else:
        over_time = []
    without = left_out(results)
    return {
        "scope": findings.scope(book),
        "robustness": robustness(book),
        "curve": curve,
        "history": history(book),
        "over_time": over_time,
        "jackknife": jackknife(book),
        "without": [] if without.empty else [margins_without(without, "margin-without")],
    }
