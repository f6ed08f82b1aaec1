"""A chart on its own: files that carry their title, their source and their caveat wherever they are taken."""

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup, escape

from generator.charts.figure import WIDE, Drawing, Figure
from generator.charts.theme import FONT, LIGHT_BACKGROUND

PAPER_INK = "#1b1b1f"
MARGIN = 16
TITLE_SIZE = 18
NOTE_SIZE = 12


def export(figure: Figure, drawing: Drawing, notes: tuple[str, ...], folder: Path) -> str:
    """Write ``<id>.svg`` and ``<id>.vl.json``, the Vega-Lite specification.

    Args:
        figure: the chart.
        drawing: from :func:`generator.charts.render`.
        notes: what has to be said beneath it: source and date, what a download is not, the address.
        folder: where the files go, made if missing.

    Returns:
        The content of the SVG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    svg = standalone(figure, drawing, notes)
    (folder / f"{figure.id}.svg").write_text(svg, encoding="utf-8")
    specification = drawing.specifications["wide"]
    assert isinstance(specification, Mapping)
    titled = {**specification, "title": figure.title, "usermeta": {"notes": list(notes)}}
    text = json.dumps(titled, ensure_ascii=False, indent=1)
    (folder / f"{figure.id}.vl.json").write_text(text + "\n", encoding="utf-8")
    return svg


def standalone(figure: Figure, drawing: Drawing, notes: tuple[str, ...]) -> str:
    """The wide drawing as an SVG file with its title above and its notes below, on white whatever the page's colour."""
    width, height = _size(drawing.wide)
    outer = max(width, WIDE) + 2 * MARGIN
    # By the mean width of a letter in these sizes, rounded up, so that no line is cut.
    title = textwrap.wrap(figure.title, int(outer / (TITLE_SIZE * 0.56)))
    lines = [line for note in notes for line in textwrap.wrap(note, int(outer / (NOTE_SIZE * 0.54)))]
    top = MARGIN + len(title) * TITLE_SIZE * 1.3 + 6
    total = top + height + 10 + len(lines) * NOTE_SIZE * 1.4 + MARGIN
    inner = str(drawing.wide).replace(
        "<svg ", f'<svg x="{MARGIN}" y="{top:g}" width="{width:g}" height="{height:g}" ', 1
    )
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{outer:g}" height="{total:g}" '
            f'viewBox="0 0 {outer:g} {total:g}" color="{PAPER_INK}" fill="{PAPER_INK}" font-family="{FONT}">',
            f"<title>{escape(figure.title)}</title><desc>{escape(figure.description)}</desc>",
            f'<rect width="100%" height="100%" fill="{LIGHT_BACKGROUND}"/>',
            *_text(title, MARGIN + TITLE_SIZE, TITLE_SIZE, 1.3, ' font-weight="bold"'),
            inner,
            *_text(lines, top + height + 10 + NOTE_SIZE, NOTE_SIZE, 1.4, ' fill-opacity="0.8"'),
            "</svg>\n",
        ]
    )


def _text(lines: list[str], first: float, size: int, leading: float, style: str) -> list[str]:
    return [
        f'<text x="{MARGIN}" y="{first + number * size * leading:g}" font-size="{size}"{style}>{escape(line)}</text>'
        for number, line in enumerate(lines)
    ]


def _size(svg: Markup) -> tuple[float, float]:
    box = str(svg).split('viewBox="', 1)[1].split('"', 1)[0]
    _, _, width, height = (float(number) for number in box.split())
    return width, height
