"""One look for all charts, in light and in dark.

Text, axes and grid are drawn in ``currentColor``, so that the page's own colour, light or dark, applies. Data
colours are chosen to keep a contrast of at least 3:1 against both of the site's backgrounds, which the tests check.
"""

from typing import Any

import altair as alt

INK = "currentColor"
LIGHT_BACKGROUND = "#ffffff"
DARK_BACKGROUND = "#1e2129"

# Hues follow Okabe and Ito's palette, told apart under the common forms of colour blindness; lightness is
# adjusted to stand out on white and on slate.
COUNTRY_COLOURS: dict[str, str] = {
    "CN": "#d1495b",
    "US": "#2f7fc1",
    "FR": "#8a63c9",
    "GB": "#0d8f80",
    "DE": "#a8711a",
    "KR": "#c2549d",
    "JP": "#4f8a10",
    "CA": "#b5602a",
    "IL": "#5f7fae",
    "AE": "#7d8b1f",
    "IN": "#c26b12",
    "XX": "#7a7f87",
    "unattributed": "#868b93",
}
OTHER_COLOUR = "#6f7fa0"
ACCENT = "#2f7fc1"

FONT = "Helvetica, Arial, sans-serif"
"""As in the page; the width of text is measured with a font of the same metrics."""

DASHES: dict[str, list[int]] = {"CN": [1, 0], "US": [8, 3], "unattributed": [2, 3]}
"""Line patterns, so that the lines that matter most differ without colour."""
OTHER_DASH = [5, 2, 1, 2]


def colour_of(country: str) -> str:
    """The colour of a country, the same in every chart."""
    return COUNTRY_COLOURS.get(country, OTHER_COLOUR)


def dash_of(country: str) -> list[int]:
    """The line pattern of a country, the same in every chart."""
    return DASHES.get(country, OTHER_DASH)


_TEXT: dict[str, Any] = {"labelColor": INK, "titleColor": INK, "labelFontSize": 13, "titleFontSize": 13}
_LOOK: dict[str, object] = alt.Config(
    background="transparent",
    font=FONT,
    padding={"left": 6, "right": 6, "top": 6, "bottom": 4},
    view=alt.ViewConfig(stroke=None, continuousWidth=300, continuousHeight=300),
    axis=alt.AxisConfig(
        **_TEXT,
        domainColor=INK,
        domainOpacity=0.4,
        tickColor=INK,
        tickOpacity=0.4,
        gridColor=INK,
        gridOpacity=0.12,
        titleFontWeight="normal",
        labelLimit=260,
        labelPadding=5,
    ),
    legend=alt.LegendConfig(**_TEXT),
    header=alt.HeaderConfig(**_TEXT),
    text=alt.MarkConfig(fontSize=13),
    title=alt.TitleConfig(color=INK, fontSize=14, anchor="start"),
    mark=alt.MarkConfig(aria=False),
).to_dict()


def themed(chart: alt.LayerChart | alt.Chart | alt.HConcatChart | alt.VConcatChart) -> dict[str, object]:
    """A chart's Vega-Lite specification with the common look."""
    # Set on the specification: each of Altair's configure_… methods copies the chart, its data included.
    specification: dict[str, object] = chart.to_dict(validate=False) | {"config": _LOOK}
    return specification
