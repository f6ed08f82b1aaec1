"""Charts of how the lead depends on definitions and on single organisations."""

import math
from typing import Any

import altair as alt
import pandas as pd

from generator.charts.figure import FIT, WIDE, Figure, month_axis, percent_axis
from generator.charts.theme import INK, colour_of
from generator.findings.robustness import CHOICES, CURVE, JACKKNIFE
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.wording import count, country_name, day

BARS = 15
CHINA, STATES = country_name(COUNTRY), country_name(OTHER_COUNTRY)


def specification_curve(rows: pd.DataFrame, summary: pd.DataFrame, headline: pd.DataFrame, figure_id: str) -> Figure:
    """The margin under every definition above the choices that make each definition.

    Args:
        rows: the definitions of one date, as ``findings.robustness.definitions`` sorts them.
        summary: of ``by_choice``.
        headline: the row of the headline definition, or none.
        figure_id: the figure's id in its page.
    """
    curve = rows[["specification", "margin", "lower", "upper"]].copy()
    curve["position"] = range(1, len(curve) + 1)
    curve["colour"] = [colour_of(COUNTRY if margin > 0 else OTHER_COUNTRY) for margin in curve["margin"]]
    marked = curve[curve["specification"].isin(headline["specification"])]
    low, high = min(curve["lower"].min(), 0.0), max(curve["upper"].max(), 0.0)
    room = 0.14 * max(high - low, 0.01)
    labels, runs = _choices(rows)

    def draw(width: int) -> Any:
        label_room = 178 if width == WIDE else 134
        size = width - label_room - 34
        x_scale = alt.Scale(domain=[0.5, len(curve) + 0.5], nice=False, zero=False)
        x = alt.X("position:Q", title=None, axis=None, scale=x_scale)
        y = alt.Y(
            "margin:Q",
            title=None,
            axis=percent_axis(tickCount=6, minExtent=label_room, maxExtent=label_room),
            scale=alt.Scale(domain=[low - room, high + room], nice=False),
        )
        base = alt.Chart(curve).encode(x=x)
        layers = [
            base.mark_area(opacity=0.18, color=INK, interpolate="step").encode(
                y=alt.Y("lower:Q"), y2=alt.Y2("upper:Q")
            ),
            alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK, strokeWidth=1.5).encode(y=alt.Y("zero:Q")),
            base.mark_point(filled=True, opacity=1, size=16 if width == WIDE else 10).encode(
                y=y,
                color=alt.Color("colour:N", scale=None),
                tooltip=[
                    alt.Tooltip("specification:N", title="Definition"),
                    alt.Tooltip("margin:Q", title="Margin", format="+.1%"),
                ],
            ),
            _note(f"▲ {CHINA} ahead", "left", 12),
            _note(f"▼ {STATES} ahead", "right", "height"),
        ]
        if not marked.empty:
            # The curve rises, so that there is room above it to the left and below it to the right.
            above = float(marked["position"].iloc[0]) > 0.45 * len(curve)
            spot = alt.Chart(marked[["position", "margin"]].assign(label="headline")).encode(x=x, y=y)
            layers += [
                spot.mark_point(shape="diamond", size=150, strokeWidth=2, filled=False, color=INK, opacity=1),
                spot.mark_text(
                    align="right" if above else "left", dx=-9 if above else 9, dy=-11 if above else 13, color=INK
                ).encode(text=alt.Text("label:N")),
            ]
        top = alt.layer(*layers).properties(width=size, height=230)
        matrix = (
            alt.Chart(alt.InlineData(values=runs))
            .mark_line(strokeWidth=11, color=INK, opacity=0.75, strokeCap="butt")
            .encode(
                x=x,
                y=alt.Y(
                    "label:N",
                    title=None,
                    scale=alt.Scale(domain=labels),
                    axis=alt.Axis(ticks=False, domain=False, minExtent=label_room, maxExtent=label_room),
                ),
                detail=alt.Detail("label:N"),
                order=alt.Order("order:Q"),
            )
            .properties(width=size, height=18 * len(labels))
        )
        return alt.vconcat(top, matrix, spacing=10)

    ahead = int((curve["margin"] > 0).sum())
    means = "; ".join(
        f"{setting} {_signed(mean)}" for setting, mean in zip(summary["setting"], summary["mean"], strict=True)
    )
    description = (
        f"{len(curve)} dots, one a definition, rise from a margin of {_signed(curve['margin'].iloc[0])} to "
        f"{_signed(curve['margin'].iloc[-1])}; above zero {CHINA} is ahead, which holds for {ahead} of them. Rows of "
        f"marks below show the choices behind each dot. Mean margins by setting: {means}."
    )
    printed = pd.DataFrame(
        {
            "Choice": summary["choice"],
            "Setting": summary["setting"],
            "Definitions": summary["definitions"].map(count),
            f"{CHINA} leads": summary["leading"].map(count),
            "Mean margin": summary["mean"].map(_signed),
            "Lowest": summary["lowest"].map(_signed),
            "Highest": summary["highest"].map(_signed),
        }
    )
    return Figure(
        figure_id,
        f"{CHINA} minus {STATES}: the margin under {len(curve)} definitions, {day(rows['as_of'].iloc[0])}",
        description,
        CURVE,
        printed,
        draw,
        "Each column is one definition. The grey band is what the unattributed downloads could make of its margin; a "
        "mark below says that the definition makes the choice named on the left, and where a mark of “no …” is "
        "missing, these models are counted. The diamond is the headline's definition.",
    )


def margins_without(rows: pd.DataFrame, figure_id: str) -> Figure:
    """The headline's margin without each of the organisations that move it most.

    Args:
        rows: of ``findings.robustness.left_out``, at least one.
        figure_id: the figure's id in its page.
    """
    shown = rows.head(BARS).copy()
    whole = float(shown["margin"].iloc[0])
    drawn = shown[["organisation", "margin", "margin_without", "lower", "upper"]].copy()
    drawn["colour"] = shown["country"].map(colour_of)
    drawn["label"] = [
        f"{_signed(value)} {country}"
        for value, country in zip(shown["margin_without"], shown["country"], strict=True)
    ]  # fmt: skip
    reach = max(drawn["margin_without"].max(), whole, 0.0), min(drawn["margin_without"].min(), whole, 0.0)

    def draw(width: int) -> Any:
        span = max(reach[0] - reach[1], 0.01)
        x = alt.X(
            "margin_without:Q",
            title=None,
            axis=percent_axis(tickCount=5 if width == WIDE else 3),
            scale=alt.Scale(
                domain=[reach[1] - 0.06 * span, reach[0] + (0.2 if width == WIDE else 0.62) * span], nice=False
            ),
        )
        y = alt.Y(
            "organisation:N",
            sort=None,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelLimit=230 if width == WIDE else 120),
        )
        base = alt.Chart(drawn)
        # To the right of both ends of the line, whichever is further.
        ends = drawn.assign(end=drawn[["margin", "margin_without"]].max(axis=1))
        return alt.layer(
            alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("at:Q")),
            alt.Chart(pd.DataFrame({"at": [whole]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.X("at:Q")),
            base.mark_rule(strokeWidth=2, opacity=0.6).encode(
                x=alt.X("margin:Q"), x2=alt.X2("margin_without:Q"), y=y, color=alt.Color("colour:N", scale=None)
            ),
            base.mark_point(filled=True, size=75, opacity=1).encode(
                x=x,
                y=y,
                color=alt.Color("colour:N", scale=None),
                tooltip=[
                    alt.Tooltip("organisation:N", title="Without"),
                    alt.Tooltip("margin_without:Q", title="Margin", format="+.1%"),
                    alt.Tooltip("lower:Q", title="Lower bound", format="+.1%"),
                    alt.Tooltip("upper:Q", title="Upper bound", format="+.1%"),
                ],
            ),
            alt.Chart(ends[["organisation", "end", "label"]])
            .mark_text(align="left", dx=8, color=INK)
            .encode(x=alt.X("end:Q"), y=y, text=alt.Text("label:N")),
        ).properties(width=width, height=24 * len(drawn) + 24, autosize=FIT)

    named = "; ".join(
        f"{name} {_signed(value)}"
        for name, value in zip(drawn["organisation"].head(5), drawn["margin_without"].head(5), strict=True)
    )
    printed = pd.DataFrame(
        {
            "Organisation left out": shown["organisation"],
            "Country": shown["country"].map(country_name),
            "Its downloads": shown["downloads"].map(count),
            "Margin without it": shown["margin_without"].map(_signed),
            "Change": shown["change"].map(_signed),
            "Lower bound": shown["lower"].map(_signed),
            "Upper bound": shown["upper"].map(_signed),
            "Turns the lead": ["yes" if turns else "no" for turns in shown["turns"]],
        }
    )
    return Figure(
        figure_id,
        f"{CHINA} minus {STATES}: the margin without one organisation, {day(rows['as_of'].iloc[0])}",
        f"Dots of the margin without each of {len(drawn)} organisations; with all of them it is {_signed(whole)}. "
        f"Without {named}.",
        JACKKNIFE,
        printed,
        draw,
        f"Right of the solid line at zero {CHINA} is ahead, left of it the {STATES}. The dashed line is the margin "
        "with every organisation. Each dot has the colour and the code of the country of the organisation left out.",
    )


def margins_over_time(table: pd.DataFrame, headline: pd.DataFrame, figure_id: str) -> Figure:
    """The span of the margins over all definitions, with the headline's line within it.

    Args:
        table: as_of, margin, leading, definitions over several dates, null margins left out.
        headline: as_of and margin of the headline's definition.
        figure_id: the figure's id in its page.
    """
    by_date = table.groupby("as_of", as_index=False).agg(
        lowest=("margin", "min"), highest=("margin", "max"), leading=("leading", "first"), of=("definitions", "first")
    )
    spans = by_date.merge(headline[["as_of", "margin"]], on="as_of", how="left")
    drawn = spans.assign(as_of=spans["as_of"].astype(str))
    line = drawn.loc[drawn["margin"].notna(), ["as_of", "margin"]]
    drawn = drawn[["as_of", "lowest", "highest"]]

    def draw(width: int) -> Any:
        x = alt.X("as_of:T", title=None, axis=month_axis(width, drawn["as_of"]))
        return alt.layer(
            alt.Chart(drawn)
            .mark_area(opacity=0.18, color=INK)
            .encode(x=x, y=alt.Y("lowest:Q", title=None, axis=percent_axis(tickCount=6)), y2=alt.Y2("highest:Q")),
            alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK, strokeWidth=1.5).encode(y=alt.Y("zero:Q")),
            alt.Chart(line)
            .mark_line(color=colour_of(COUNTRY), strokeWidth=2.5)
            .encode(
                x=x,
                y=alt.Y("margin:Q"),
                tooltip=[
                    alt.Tooltip("as_of:T", title="Date"),
                    alt.Tooltip("margin:Q", title="Headline", format="+.1%"),
                ],
            ),
            _note(f"▲ {CHINA} ahead", "left", 12),
            _note(f"▼ {STATES} ahead", "right", "height"),
        ).properties(width=width, height=260, autosize=FIT)

    last = spans.iloc[-1]
    printed = pd.DataFrame(
        {
            "Date": spans["as_of"].astype(str),
            "Headline": spans["margin"].map(_signed),
            "Lowest": spans["lowest"].map(_signed),
            "Highest": spans["highest"].map(_signed),
            f"{CHINA} leads": [f"{a} of {b}" for a, b in zip(spans["leading"], spans["of"], strict=True)],
        }
    ).iloc[::-1]
    return Figure(
        figure_id,
        f"{CHINA} minus {STATES}: the span of all definitions over time",
        f"A band from the lowest to the highest margin of all definitions at {len(spans)} report dates, with a line "
        f"for the headline's. On {day(last['as_of'])} the band reaches from {_signed(last['lowest'])} to "
        f"{_signed(last['highest'])} and {CHINA} leads under {last['leading']} of {last['of']} definitions.",
        CURVE,
        printed,
        draw,
        "The line is the headline's definition; the band spans the margins under all definitions.",
    )


def _choices(rows: pd.DataFrame) -> tuple[list[str], list[dict[str, Any]]]:
    """The matrix's rows in order, with blank ones between groups, and its marks as broken lines."""
    labels: list[str] = []
    marks: list[tuple[str, float | None]] = []
    grouped = False
    for choice in CHOICES:
        rule = choice.column.startswith("with_")
        if labels and not (rule and grouped):
            labels.append(" " * (1 + len(labels)))
        grouped = rule
        for value, label in choice.settings.items():
            if rule and value:
                continue
            labels.append(label)
            previous = None
            for place, own in enumerate(rows[choice.column], start=1):
                if own != value:
                    continue
                if place - 1 == previous:
                    marks[-1] = (label, place + 0.5)
                else:
                    marks += [(label, None), (label, place - 0.5), (label, place + 0.5)]
                previous = place
    # As records: a data frame would turn the breaks between the marks into a number that JSON does not know.
    runs = [
        {"label": label, "position": position, "order": order} for order, (label, position) in enumerate(marks)
    ]  # fmt: skip
    return labels, runs


def _note(label: str, side: str, place: int | str) -> Any:
    at_bottom = place == "height"
    text = alt.Chart(pd.DataFrame({"label": [label]}))
    across = alt.value(0 if side == "left" else "width")
    return text.mark_text(
        align="left" if side == "left" else "right",
        dx=6 if side == "left" else -6,
        dy=-8 if at_bottom else 0,
        color=INK,
    ).encode(x=across, y=alt.value(place), text=alt.Text("label:N"))


def _signed(margin: float) -> str:
    """A margin with its sign, in percentage points."""
    return "unknown" if math.isnan(margin) else f"{margin * 100:+.1f} pp"
