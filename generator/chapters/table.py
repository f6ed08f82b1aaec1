"""A page for every table: its definition, its files, its newest rows, and the SQL that computes it."""

from collections.abc import Mapping
from typing import Any

from generator.facts import FactBook
from generator.recipes import FOLDER
from generator.results import Results

SHOWN = 20
"""Rows on the page; all are in the files."""


def pages(book: FactBook) -> Mapping[str, Mapping[str, Any]]:
    """A context for each metric by its id."""
    return {name: _context(book.results, name) for name in book.results.metrics}


def _context(results: Results, name: str) -> Mapping[str, Any]:
    table = results.tables[name]
    newest = table[table["as_of"] == results.as_of] if "as_of" in table else table
    recipes = results.recipes
    return {
        "metric": results.metrics[name],
        "rows": (newest if len(newest) else table).head(SHOWN),
        "size": len(table),
        "sql": recipes.sql[name] if recipes else None,
        "inputs": {table: f"{FOLDER}/{table}.parquet" for table in recipes.reads[name]} if recipes else {},
        "inputs_published": bool(recipes and recipes.inputs),
    }
