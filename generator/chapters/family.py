"""A page for each of the widest families: who builds upon it, how, and what its tree looks like in the large."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from generator.charts.derivatives import RELATION_NAMES
from generator.facts import FactBook
from generator.findings.derivatives import LINEAGES, family_in_brief
from generator.findings.scope import scope
from generator.metrics.derivatives_by_publisher import FAMILIES
from generator.metrics.derivatives_by_relation import UNKNOWN
from generator.profiles import hub_address
from generator.results import Results
from generator.slugs import printable, slugs
from generator.sources.base_models import RELATIONS
from generator.wording import count, country_name

BY_PUBLISHER = "derivatives-by-publisher"
BY_STEP = "derivatives-by-step"
LAST_STEP = 4
"""Steps from here on share a column."""


@dataclass(frozen=True)
class Grid:
    """A table ready to print: its columns' titles, and for each row a name, an address, an anchor and its cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, str, tuple[str, ...]], ...]


def addresses(results: Results) -> dict[str, str]:
    """The families that have a page, the widest first, with the name of its file."""
    table = results.tables[LINEAGES]
    widest = table[table["rank"].notna()].sort_values("rank").head(FAMILIES)
    return slugs(widest["family"].astype(str))


def pages(book: FactBook) -> Mapping[str, Mapping[str, Any]]:
    """The context of every family's page by its file's name."""
    results = book.results
    named = addresses(results)
    lineages = {str(row["family"]): row for _, row in results.tables[LINEAGES].iterrows()}
    publishers = dict(list(results.tables[BY_PUBLISHER].groupby("family")))
    steps = dict(list(results.tables[BY_STEP].groupby("family")))
    said = scope(book)
    return {
        slug: {
            "name": printable(family),
            "scope": said,
            "finding": family_in_brief(book, lineages[family]),
            "publishers": _by_publisher(publishers[family]) if family in publishers else None,
            "tree": _tree(steps[family], results) if family in steps else None,
        }
        for family, slug in named.items()
    }


def _relations(rows: pd.DataFrame) -> list[str]:
    present = set(rows["relation"])
    return [relation for relation in (*RELATIONS, UNKNOWN) if relation in present]


def _by_publisher(rows: pd.DataFrame) -> Grid:
    """The countries of those who built upon a family, against how they did."""
    relations = _relations(rows)
    counted = rows.pivot_table(index="country", columns="relation", values="derivatives", aggfunc="sum", fill_value=0)
    counted = counted[relations]
    counted["all"] = counted.sum(axis=1)
    ordered = counted.reset_index().sort_values(["all", "country"], ascending=[False, True])
    lines = [
        (country_name(row["country"]), "", "", tuple(count(row[name]) for name in (*relations, "all")))
        for row in ordered.to_dict("records")
    ]
    total = ("All", "", "", tuple(count(counted[name].sum()) for name in (*relations, "all")))
    return Grid(("Country", *(RELATION_NAMES[name] for name in relations), "All"), (*lines, total))


def _tree(rows: pd.DataFrame, results: Results) -> Grid:
    """The most built-upon roots: direct derivatives by relation, then how many stand at each step farther down."""
    direct = rows[rows["depth"] == 1]
    relations = _relations(direct)
    last = min(int(rows["depth"].max()), LAST_STEP)
    anchors = slugs(rows["root_id"].unique().tolist())
    lines = []
    for root, below in ((str(name), group) for name, group in rows.groupby("root_id", sort=False)):
        own = below[below["depth"] == 1].set_index("relation")["derivatives"]
        at = below.groupby(below["depth"].clip(upper=LAST_STEP))["derivatives"].sum()
        cells = [
            *(own.get(relation, 0) for relation in relations),
            *(at.get(step, 0) for step in range(2, last + 1)),
            below["derivatives"].sum(),
        ]
        lines.append((root, hub_address(root, results), anchors[root], tuple(count(cell) for cell in cells)))
    farther = [f"Step {step}" + (" and on" if step == LAST_STEP else "") for step in range(2, last + 1)]
    return Grid(
        ("Root model", *(f"{RELATION_NAMES[name]} from it" for name in relations), *farther, "All"), tuple(lines)
    )
