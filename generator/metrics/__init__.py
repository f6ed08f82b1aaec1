"""The metrics, one file each. A module here that defines ``METRIC`` is part of the report; nothing else is needed."""

import importlib
import pkgutil

from generator.metric import Metric


def discover() -> dict[str, Metric]:
    """All metrics by id, in the order of their files' names.

    Example:
        >>> "overtake" in discover()
        True
    """
    found: dict[str, Metric] = {}
    for module in pkgutil.iter_modules(__path__):
        metric = importlib.import_module(f"{__name__}.{module.name}").METRIC
        found[metric.id] = metric
    return found
