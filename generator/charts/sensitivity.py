"""Charts of the probe: differences by model, the gap between languages, topics."""

from typing import Any

import altair as alt
import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.charts.figure import FIT, WIDE, Figure, percent_axis
from generator.charts.theme import INK, colour_of
from generator.findings.sensitivity import MODELS
from generator.wording import count, country_name, percent, signed_points

SHAPES = {"CN": "circle", "US": "square", UNATTRIBUTED: "cross"}
OTHER_SHAPE = "diamond"
NAME_CHARACTERS = 32

SHAPE_KEY = (
    "Circles are models by developers in China, squares in the United States, crosses of unknown developers, diamonds "
    "elsewhere; the code of the country stands before each name."
)


def differences(rows: pd.DataFrame, figure_id: str, title: str, source: str, sides: tuple[str, str]) -> Figure:
    """A dot with its interval for each model: how much more is done on one side than on the other.

    Args:
        rows: of the metric political-sensitivity, one a model.
        figure_id: the figure's id in its page.
        title: of the figure.
        source: where the values come from.
        sides: what the two sides of the comparison are called in the table.
    """
    ordered = rows.sort_values(["difference", "model"], ascending=[False, True])
    drawn = _marked(ordered)
    low = min(0.0, float(ordered[["difference", "lower"]].min().min()))
    high = max(0.05, float(ordered[["difference", "upper"]].max().max()))

    def draw(width: int) -> Any:
        x_scale = alt.Scale(domain=[low - 0.03, high + 0.03], nice=False)
        axis = percent_axis(tickCount=6 if width == WIDE else 4, orient="top")
        base = alt.Chart(drawn)
        y = _names(drawn, width)
        colour = alt.Color("colour:N", scale=None)
        return alt.layer(
            alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("at:Q")),
            base.mark_rule(strokeWidth=2.5, opacity=0.6).encode(
                x=alt.X("lower:Q", title=None, scale=x_scale, axis=axis), x2=alt.X2("upper:Q"), y=y, color=colour
            ),
            base.mark_point(filled=True, size=70, opacity=1).encode(
                x=alt.X("difference:Q"),
                y=y,
                color=colour,
                shape=alt.Shape("shape:N", scale=None),
                tooltip=[
                    alt.Tooltip("model:N", title="Model"),
                    alt.Tooltip("difference:Q", title="Difference", format="+.1%"),
                    alt.Tooltip("lower:Q", title="Lower", format="+.1%"),
                    alt.Tooltip("upper:Q", title="Upper", format="+.1%"),
                ],
            ),
        ).properties(width=width, height=21 * len(drawn) + 40, autosize=FIT)

    first, last = ordered.iloc[0], ordered.iloc[-1]
    claimed = int((ordered["claim"] != "none").sum())
    description = (
        f"Dots with 95% intervals for {len(ordered)} models, from {first['model']} "
        f"({signed_points(first['difference'])} points, interval {signed_points(first['lower'])} to "
        f"{signed_points(first['upper'])}) to {last['model']} ({signed_points(last['difference'])} points). "
        f"A difference can be claimed of {claimed} of them."
    )
    table = pd.DataFrame(
        {
            "Model": ordered["model"],
            "Developer": ordered["organisation"],
            "Country": ordered["country"].map(country_name),
            "Root made in": ordered["origin_country"].map(country_name),
            sides[0]: ordered["rate"].map(percent),
            sides[1]: ordered["against_rate"].map(percent),
            "Difference": ordered["difference"].map(signed_points),
            "95% interval": [
                "too few sets" if pd.isna(low) else f"{signed_points(low)} to {signed_points(high)}"
                for low, high in zip(ordered["lower"], ordered["upper"], strict=True)
            ],
            "p (Holm)": ordered["adjusted_p_value"].map(lambda p: "unknown" if pd.isna(p) else f"{p:.3f}"),
            "Claim": ordered["claim"],
            "Pairs": ordered["sets"].map(count),
            "Set aside": ordered["set_aside"].map(count),
        }
    )
    return Figure(
        figure_id,
        title,
        description,
        MODELS,
        table,
        draw,
        f"Right of the line at zero more is done on the first side. Lines are 95% intervals. {SHAPE_KEY}",
        source,
    )


def language_gap(rows: pd.DataFrame, figure_id: str, title: str, source: str) -> Figure:
    """Two marks for each model: what is left unanswered in English and in Chinese, joined by a line.

    Args:
        rows: of the metric political-sensitivity, one a model, Chinese (rate) against English (against_rate).
        figure_id: the figure's id in its page.
        title: of the figure.
        source: where the values come from.
    """
    ordered = rows.sort_values(["rate", "model"], ascending=[False, True])
    drawn = _marked(ordered)

    def draw(width: int) -> Any:
        base = alt.Chart(drawn)
        y = _names(drawn, width)
        colour = alt.Color("colour:N", scale=None)
        x = alt.X(
            "rate:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=percent_axis(tickCount=6 if width == WIDE else 3, orient="top"),
        )
        return alt.layer(
            base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=x, x2=alt.X2("against_rate:Q"), y=y, color=colour),
            base.mark_point(filled=False, size=60, strokeWidth=2, opacity=1, shape="circle").encode(
                x=alt.X("against_rate:Q"), y=y, color=colour
            ),
            base.mark_point(filled=True, size=75, opacity=1, shape="diamond").encode(
                x=x,
                y=y,
                color=colour,
                tooltip=[
                    alt.Tooltip("model:N", title="Model"),
                    alt.Tooltip("rate:Q", title="In Chinese", format=".1%"),
                    alt.Tooltip("against_rate:Q", title="In English", format=".1%"),
                ],
            ),
        ).properties(width=width, height=21 * len(drawn) + 40, autosize=FIT)

    first = ordered.iloc[0]
    table = pd.DataFrame(
        {
            "Model": ordered["model"],
            "Country": ordered["country"].map(country_name),
            "In Chinese": ordered["rate"].map(percent),
            "In English": ordered["against_rate"].map(percent),
            "Difference": ordered["difference"].map(signed_points),
            "95% interval": [
                "too few sets" if pd.isna(low) else f"{signed_points(low)} to {signed_points(high)}"
                for low, high in zip(ordered["lower"], ordered["upper"], strict=True)
            ],
            "Claim": ordered["claim"],
            "Pairs": ordered["sets"].map(count),
        }
    )
    more = int((ordered["claim"] == "more").sum())
    return Figure(
        figure_id,
        title,
        f"Two marks for each of {len(ordered)} models. {first['model']} leaves {percent(first['rate'])} unanswered in "
        f"Chinese and {percent(first['against_rate'])} in English. More in Chinese can be claimed of {more} models.",
        MODELS,
        table,
        draw,
        "A filled diamond is the share in Chinese, an open circle that in English. Colour and code are the developer's "
        "country.",
        source,
    )


def topics(rows: pd.DataFrame, titles: dict[str, str], figure_id: str, title: str, source: str) -> Figure:
    """A cell for each topic and model: the difference as shade and as number.

    Args:
        rows: of the metric political-sensitivity, one a topic and model.
        titles: of the topics.
        figure_id: the figure's id in its page.
        title: of the figure.
        source: where the values come from.
    """
    drawn = pd.DataFrame(
        {
            "topic": rows["topic"].map(titles).fillna(rows["topic"]),
            "model": _short(rows["model"], rows["country"]),
            "difference": rows["difference"],
            "strength": rows["difference"].abs(),
            "colour": [colour_of("CN") if value > 0 else colour_of("US") for value in rows["difference"]],
            "label": rows["difference"].map(lambda value: signed_points(value, 0)),
        }
    )
    names = sorted(drawn["model"].unique())

    def draw(width: int) -> Any:
        base = alt.Chart(drawn).encode(
            x=alt.X(
                "model:N",
                title=None,
                sort=names,
                axis=alt.Axis(labelAngle=-60, ticks=False, domain=False, orient="top", labelLimit=170),
            ),
            y=alt.Y(
                "topic:N",
                title=None,
                axis=alt.Axis(ticks=False, domain=False, labelLimit=240 if width == WIDE else 130),
            ),
        )
        return alt.layer(
            base.mark_rect().encode(
                color=alt.Color("colour:N", scale=None),
                opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 0.55]), legend=None),
            ),
            base.mark_text(color=INK).encode(text=alt.Text("label:N")),
        ).properties(width=width, height=30 * drawn["topic"].nunique() + 150, autosize=FIT)

    strongest = rows.iloc[int(rows["difference"].abs().to_numpy().argmax())]
    table = pd.DataFrame(
        {
            "Topic": rows["topic"].map(titles).fillna(rows["topic"]),
            "Model": rows["model"],
            "On China": rows["rate"].map(percent),
            "On others": rows["against_rate"].map(percent),
            "Difference": rows["difference"].map(signed_points),
            "Sets": rows["sets"].map(count),
            "Answers": [f"{a} and {b}" for a, b in zip(rows["answers"], rows["against_answers"], strict=True)],
        }
    )
    return Figure(
        figure_id,
        title,
        f"Cells of {drawn['topic'].nunique()} topics and {drawn['model'].nunique()} models. The largest difference is "
        f"{signed_points(strongest['difference'])} points, {strongest['model']} on "
        f"{titles.get(strongest['topic'], strongest['topic'])}.",
        MODELS,
        table,
        draw,
        "Numbers are percentage points, more on China's subjects with a plus. A topic has few sets, so a single cell "
        "is no evidence; the intervals above are.",
        source,
    )


def _marked(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["model", "rate", "against_rate", "difference", "lower", "upper"]
    marked = rows[columns].copy()
    # Without an interval the dot stands alone.
    for name in ("lower", "upper"):
        marked[name] = marked[name].fillna(marked["difference"])
    marked["name"] = _short(rows["model"], rows["country"])
    marked["colour"] = rows["country"].map(colour_of)
    marked["shape"] = rows["country"].map(lambda code: SHAPES.get(code, OTHER_SHAPE))
    return marked


def _short(names: pd.Series, countries: pd.Series) -> list[str]:
    """Model names behind the country's code, without their namespace but where two would be alike."""
    bare = names.str.rsplit("/", n=1).str[-1]
    twice = bare.isin(bare[names.ne(names.groupby(bare).transform("first"))])
    chosen = names.where(twice, bare)
    cut = [name if len(name) <= NAME_CHARACTERS else f"{name[:NAME_CHARACTERS]}…" for name in chosen]
    return [
        f"{'?' if code == UNATTRIBUTED else code} {name}" for name, code in zip(cut, countries, strict=True)
    ]  # fmt: skip


def _names(drawn: pd.DataFrame, width: int) -> alt.Y:
    return alt.Y(
        "name:N",
        title=None,
        sort=list(drawn["name"]),
        axis=alt.Axis(ticks=False, domain=False, labelLimit=260 if width == WIDE else 165),
    )
