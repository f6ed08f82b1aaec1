"""What every chart owes its readers: colours that stand out, words, a table, and text that stays text."""

import json
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from projects import DRAWN

from generator import charts
from generator.chapters import discover
from generator.charts import theme
from generator.charts.figure import NARROW, WIDE, Drawing, month_axis
from generator.charts.lines import upper_bounds
from generator.facts import FactBook
from generator.results import Results


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", sorted({*theme.COUNTRY_COLOURS.values(), theme.OTHER_COLOUR, theme.ACCENT}))
@pytest.mark.parametrize("background", [theme.LIGHT_BACKGROUND, theme.DARK_BACKGROUND])
def test_marks_stand_out_on_both_backgrounds(colour: str, background: str) -> None:
    assert contrast(colour, background) >= 3


def test_the_leaders_differ_in_grey_and_in_pattern() -> None:
    assert len({tuple(theme.dash_of(code)) for code in ("CN", "US", "FR", "unattributed")}) == 4


@pytest.fixture(scope="module")
def figures(demo_results: Results) -> list[charts.Figure]:
    """Every figure of the demo's chapters."""
    book = FactBook(demo_results)
    found: dict[str, charts.Figure] = {}
    for chapter in discover().values():
        for value in chapter.context(book).values() if chapter.context else []:
            for figure in value if isinstance(value, list) else [value]:
                if isinstance(figure, charts.Figure):
                    found[figure.id] = figure
    return list(found.values())


@pytest.fixture(scope="module")
def drawings(figures: list[charts.Figure]) -> list[Drawing]:
    """Each of them drawn."""
    return [charts.render(figure, DRAWN) for figure in figures]


def test_every_figure_is_drawn_with_words_and_a_table(figures: list[charts.Figure], drawings: list[Drawing]) -> None:
    assert len(figures) >= 12
    for figure, drawing in zip(figures, drawings, strict=True):
        for svg in (drawing.wide, drawing.narrow):
            assert svg.startswith("<svg ") and 'role="img"' in svg and "<title" in svg and "<desc" in svg
            assert "NaN" not in svg and "Infinity" not in svg
            assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "").replace(
                'xmlns:xlink="http://www.w3.org/1999/xlink"', ""
            )
        assert any(letter.isdigit() for letter in figure.description), "the finding, not the kind of chart"
        assert len(figure.table) > 0
        json.dumps(drawing.specifications, allow_nan=False)


def test_every_figure_is_valid_vega_lite_as_altair_knows_it(figures: list[charts.Figure]) -> None:
    """What is left out when pages are made, for its time."""
    for figure in figures:
        for width in (WIDE, NARROW):
            figure.draw(width).to_dict(validate=True)


def test_an_unchanged_chart_is_not_drawn_again(
    figures: list[charts.Figure], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = figures[0]
    before = charts.render(figure, tmp_path)
    monkeypatch.setattr("vl_convert.vegalite_to_svg", lambda *_, **__: pytest.fail("drawn again"))
    assert charts.render(figure, tmp_path) == before


def test_bars_start_at_nought(figures: list[charts.Figure], drawings: list[Drawing]) -> None:
    def scales(node: object) -> list[dict[str, object]]:
        if isinstance(node, list):
            return [scale for item in node for scale in scales(item)]
        if isinstance(node, dict):
            inner = [scale for value in node.values() for scale in scales(value)]
            mark = node.get("mark")
            if isinstance(mark, dict) and mark.get("type") == "bar":
                return [*inner, node["encoding"]["x"].get("scale", {})]
            return inner
        return []

    bars = 0
    for figure, drawing in zip(figures, drawings, strict=True):
        for scale in scales(drawing.specifications["wide"]):
            domain = scale.get("domain")
            assert isinstance(domain, list) and domain[0] == 0, figure.id
            bars += 1
    assert bars >= 6


def test_hostile_names_stay_text_in_a_drawing(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "lens": "publisher",
            "rank": [1],
            "organisation": ["</text><script>alert(1)</script>"],
            "country": ["US"],
            "downloads": [5],
            "share": [1.0],
            "as_of": [pd.Timestamp("2026-05-20").date()],
            "window_months": [1],
            "window_start": [pd.Timestamp("2026-04-20").date()],
            "basis": ["snapshot-30-day"],
        }
    )
    drawing = charts.render(charts.top_developers(rows, "x"), tmp_path)
    assert "<script" not in drawing.wide + drawing.narrow
    assert "&lt;script&gt;" in drawing.wide


def test_upper_bounds_are_drawn_where_something_is_unattributed() -> None:
    x, colour = alt.X("as_of:T"), alt.Color("name:N")
    bounds = pd.DataFrame({"as_of": ["2026-01-01"] * 2, "name": ["A", "B"], "lower": [0.5, 0.2], "upper": [0.8, 0.5]})
    (line,) = upper_bounds(bounds, x, colour)
    drawn = line.to_dict()
    assert drawn["encoding"]["y"]["field"] == "upper"
    assert upper_bounds(bounds.assign(upper=bounds["lower"]), x, colour) == []
    assert upper_bounds(bounds.iloc[:0], x, colour) == []


@pytest.mark.parametrize(
    ("days", "width", "named"),
    [
        (["2026-05-20", "2026-06-16", "2026-07-16"], WIDE, ["2026-06-01", "2026-07-01"]),
        (["2026-05-20", "2026-05-25", "2026-05-30"], WIDE, ["2026-05-30", "2026-05-25", "2026-05-20"]),
        (["2024-01-31", "2026-12-31"], WIDE, ["2024-07-01", "2025-01-01", "2025-07-01", "2026-01-01", "2026-07-01"]),
        (["2024-01-31", "2026-12-31"], NARROW, ["2025-01-01", "2026-01-01"]),
        (["2020-01-31", "2040-12-31"], NARROW, ["2030-01-01", "2040-01-01"]),
        (["2026-05-20"], NARROW, ["2026-05-20"]),
    ],
)
def test_an_axis_of_months_always_names_a_date(days: list[str], width: int, named: list[str]) -> None:
    values = month_axis(width, days).to_dict()["values"]
    assert [f"{value['year']}-{value['month']:02}-{value['date']:02}" for value in values] == named
