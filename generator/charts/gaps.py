"""No line is drawn across a month for which there are no figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

STRETCH = "stretch"
"""The field by which a line is parted, one number a stretch without gaps."""

LONE_POINT = 24
"""Size of the point that stands for a stretch of one date, which no line can show."""


def broken_at_gaps(specification: dict[str, Any]) -> dict[str, Any]:
    """A Vega-Lite specification whose lines and areas over time break where a calendar month is missing.

    Whatever chart it is, and whoever made it: each mark of kind line or area with dates along x is parted by
    stretches. A chart without gaps comes back as it was.

    Args:
        specification: with its data in ``datasets``; changed in place.
    """
    datasets = specification.get("datasets", {})
    for unit, data in _units(specification, specification.get("data", {})):
        mark = unit["mark"] if isinstance(unit["mark"], dict) else {"type": unit["mark"]}
        encoding = unit["encoding"]
        rows = datasets.get(data.get("name"), [])
        x = encoding.get("x", {})
        if mark["type"] not in ("line", "area") or x.get("type") != "temporal" or not rows:
            continue
        line = encoding.get("color", {}).get("field")
        found = stretches([row[x["field"]] for row in rows], [row.get(line) for row in rows])
        if max(found) == 0:
            continue
        field = "-".join(filter(None, (STRETCH, x["field"], line)))
        for row, number in zip(rows, found, strict=True):
            row[field] = number
        encoding["detail"] = [*_listed(encoding.get("detail")), {"field": field, "type": "nominal"}]
        if mark["type"] == "line":
            unit["mark"] = {**mark, "point": {"size": LONE_POINT}}
    return specification


def stretches(dates: Sequence[object], lines: Sequence[object]) -> list[int]:
    """The number of the stretch that each point belongs to, from 0 on within its line.

    Args:
        dates: one a point, in any order.
        lines: which line each point belongs to.

    Example:
        >>> stretches(["2026-01-31", "2026-02-28", "2026-05-31"], ["a", "a", "a"])
        [0, 0, 1]
    """
    days = pd.to_datetime(pd.Series([str(date) for date in dates]))
    points = pd.DataFrame({"month": days.dt.year * 12 + days.dt.month, "line": [str(line) for line in lines]})
    ordered = points.sort_values(["line", "month"], kind="stable")
    gap = ordered.groupby("line")["month"].diff() > 1
    number = gap.astype(int).groupby(ordered["line"]).cumsum()
    return [int(value) for value in number.reindex(points.index)]


def _units(view: dict[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    """Every single mark of a specification with the data that it draws."""
    data = view.get("data", data)
    if "mark" in view and "encoding" in view:
        yield view, data
    for name in ("layer", "hconcat", "vconcat", "concat"):
        for inner in view.get(name, ()):
            yield from _units(inner, data)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
