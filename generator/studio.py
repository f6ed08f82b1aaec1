"""Where figures are drawn while the pages that show them are written."""

import re
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from markupsafe import Markup

from generator import drawing
from generator.charts.figure import Drawing, Figure, Plan, drawn, plan

_PLACE = re.compile(r"<!-- drawing (\d+) -->")


@dataclass(frozen=True)
class Exhibit:
    """A figure as drawn, with the place of the page that showed it first."""

    figure: Figure
    drawing: Drawing
    place: Path


@dataclass
class Studio:
    """Takes orders for drawings, leaves a mark in the page for each, and hangs them when the page is written.

    Args:
        painter: draws, beside this process or in it.
        cache: where drawings are kept by the hash of their specification.
    """

    painter: Executor
    cache: Path
    _orders: list[tuple[Path, Plan, list[Future[str]]]] = field(default_factory=list)

    def draw(self, place: Path, figure: Figure) -> Markup:
        """Order the drawings of a figure for the page at ``place``; what is returned stands for them."""
        planned = plan(figure)
        ordered = [self.painter.submit(drawing.svg, text, self.cache) for text in planned.texts]
        self._orders.append((place, planned, ordered))
        return Markup(f"<!-- drawing {len(self._orders) - 1} -->")

    def hang(self, page: str) -> str:
        """The page with its drawings in their places."""
        return _PLACE.sub(lambda found: self._hung[int(found[1])].drawing.markup, page)

    @property
    def exhibits(self) -> dict[str, Exhibit]:
        """Every figure by its id."""
        shown: dict[str, Exhibit] = {}
        for exhibit in self._hung:
            shown.setdefault(exhibit.figure.id, exhibit)
        return shown

    @cached_property
    def _hung(self) -> list[Exhibit]:
        return [
            Exhibit(planned.figure, drawn(planned, *(order.result() for order in ordered)), place)
            for place, planned, ordered in self._orders
        ]
