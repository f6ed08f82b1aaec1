"""What each page is given, one file a chapter, named as its template.

A module here defines ``context(book)``: the findings and figures that its template arranges. Where the template serves
many pages, it defines ``pages(book)`` instead: a context for each page by its name. A template without a module is
given the tables alone.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.facts import FactBook

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """One of the two: what a single page is given, or what each of many pages is given by its name."""

    context: Callable[[FactBook], Context] | None
    pages: Callable[[FactBook], Mapping[str, Context]] | None


def discover() -> dict[str, Chapter]:
    """The chapters by the names of their templates.

    Example:
        >>> discover()["home"].pages is None
        True
    """
    chapters = {}
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        chapters[found.name] = Chapter(getattr(module, "context", None), getattr(module, "pages", None))
    return chapters
