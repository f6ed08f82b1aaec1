"""What each page is given, one file a chapter, named as its template.

A module here defines ``context(book)``: the findings and figures that its template arranges. A template without a
module is given the tables alone.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from generator.facts import FactBook

Context = Callable[[FactBook], Mapping[str, Any]]


def discover() -> dict[str, Context]:
    """The contexts by the names of their templates.

    Example:
        >>> "home" in discover()
        True
    """
    return {
        module.name: importlib.import_module(f"{__name__}.{module.name}").context
        for module in pkgutil.iter_modules(__path__)
    }
