"""Does the lead stand under other definitions, and without any one organisation?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.lead_robustness import CAPPED, RULES
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.results import Results
from generator.wording import day, in_sentence

CURVE = "lead-robustness"
JACKKNIFE = "lead-jackknife"

MOST = 2 / 3
"""China leads "under most" definitions from this share of them on, and the other side likewise."""


@dataclass(frozen=True)
class Choice:
    """One choice of a definition: its column, how it is called, and each setting by its value in the column."""

    column: str
    name: str
    settings: Mapping[Any, str]


CHOICES = (
    Choice(
        "cohort_months",
        "how old a new model may be",
        {6: "up to 6 months old", 12: "up to 12 months old", 24: "up to 24 months old"},
    ),
    Choice("lens", "whom a derivative counts for", {"publisher": "by publisher", "origin": "by origin"}),
    Choice(
        "basis",
        "which downloads count",
        {"snapshot-30-day": "last 30 days", "all-time": "since creation", CAPPED: "capped for each model"},
    ),
    Choice(
        "with_intermediaries",
        "whether intermediaries count",
        {True: "with intermediaries", False: "no intermediaries"},
    ),
    Choice(
        "with_quantised",
        "whether quantised copies count",
        {True: "with quantised copies", False: "no quantised copies"},
    ),
    Choice(
        "with_largest_model",
        "whether the largest model counts",
        {True: "with the largest model", False: "no largest model"},
    ),
    Choice("with_encoders", "whether encoders count", {True: "with encoders", False: "no encoders"}),
)


def definitions(results: Results) -> pd.DataFrame:
    """The definitions of the newest report date that leave downloads, from the lowest margin to the highest."""
    table = results.tables[CURVE]
    rows = table[(table["as_of"] == results.as_of) & table["margin"].notna()]
    return rows.sort_values(["margin", "specification"], ignore_index=True)


def headline(rows: pd.DataFrame) -> pd.DataFrame:
    """The row of the headline definition among those of one date, on the 30-day count where no counter is known."""
    plain = rows[(rows["cohort_months"] == 12) & (rows["lens"] == "publisher")]
    for column in RULES:
        plain = plain[plain[column]]
    for basis in ("all-time", "snapshot-30-day"):
        chosen = plain[plain["basis"] == basis]
        if not chosen.empty:
            return chosen
    return plain.head(0)


def by_choice(rows: pd.DataFrame) -> pd.DataFrame:
    """Each setting of each choice over all definitions of one date that share it.

    Returns:
        column, value, choice, setting, definitions, leading, mean, lowest and highest (margins), and spread (the
        largest minus the smallest mean among the settings of the choice); empty for no rows.
    """
    found = []
    for choice in CHOICES:
        for value, setting in choice.settings.items():
            margins = rows.loc[rows[choice.column] == value, "margin"]
            if not margins.empty:
                ahead = int((margins > 0).sum())
                found.append((choice.column, value, choice.name, setting, len(margins), ahead, margins.mean(),
                              margins.min(), margins.max()))  # fmt: skip
    names = ["column", "value", "choice", "setting", "definitions", "leading", "mean", "lowest", "highest"]
    summary = pd.DataFrame(found, columns=names)
    means = summary.groupby("column")["mean"]
    return summary.assign(spread=means.transform("max") - means.transform("min"))


def robustness(book: FactBook) -> Finding:
    """Under how many definitions China leads: ``all``, ``most``, ``split``, ``reversed`` or ``no-data``."""
    rows = definitions(book.results)
    if rows.empty:
        text = Markup("There are no downloads of new models in this edition's data under any definition.")
        return Finding("robustness", "no-data", text, CURVE)
    lowest, highest = rows.iloc[0], rows.iloc[-1]
    condition = condition_of(highest)
    names = {
        "ahead": Markup("<strong>{}</strong>").format(in_sentence(COUNTRY)),
        "other": in_sentence(OTHER_COUNTRY),
        "m": book.quote(highest, CURVE, "definitions", "count"),
    }
    if condition == "all":
        text = sentence(
            "{ahead} leads under every one of {m} definitions: by between {lowest} and {highest}.",
            lowest=book.quote(lowest, CURVE, "margin", "points"),
            highest=book.quote(highest, CURVE, "margin", "points"),
            **names,
        )
    else:
        opening = {
            "most": "{ahead} leads under {n} of {m} definitions and {other} under {k}",
            "split": "Who leads depends on the definition: {ahead} does under {n} of {m}, {other} under {k}",
            "reversed": "{ahead} leads under only {n} of {m} definitions and {other} under {k}",
        }[condition]
        text = sentence(
            opening + "; the margin runs from {lowest} to {highest}.",
            n=book.quote(highest, CURVE, "leading", "count"),
            k=book.quote(highest, CURVE, "trailing", "count"),
            lowest=_margin(book, lowest, CURVE, "margin"),
            highest=_margin(book, highest, CURVE, "margin"),
            **names,
        )
    if highest["leading_surely"] == highest["definitions"]:
        text += sentence(
            " It would lead under all of them even if every unattributed download belonged to {other}.", **names
        )
    elif highest["leading"] > 0:
        text += sentence(
            " Under {surely} of them it would lead even if every unattributed download belonged to {other}.",
            surely=book.quote(highest, CURVE, "leading_surely", "count"),
            **names,
        )
    return Finding("robustness", condition, text + _turning(rows, condition) + _decisive(book, rows), CURVE)


def condition_of(row: pd.Series) -> str:
    """Which wording the counts of a date call for."""
    if row["leading"] == row["definitions"]:
        return "all"
    if row["leading"] >= MOST * row["definitions"]:
        return "most"
    return "split" if row["leading"] > (1 - MOST) * row["definitions"] else "reversed"


def history(book: FactBook) -> Finding:
    """How the number of definitions has moved: ``one-date``, ``grown``, ``shrunk``, ``same`` or ``no-data``."""
    table = book.results.tables[CURVE]
    counted = table[table["margin"].notna()].drop_duplicates("as_of").sort_values("as_of")
    if counted.empty:
        return Finding("robustness-history", "no-data", Markup("There is no series of margins yet."), CURVE)
    first, last = counted.iloc[0], counted.iloc[-1]
    if len(counted) == 1:
        text = sentence(
            "The archive holds one report date ({date}); with every month that is collected it will show whether the "
            "definitions come together or part.",
            date=day(last["as_of"]),
        )
        return Finding("robustness-history", "one-date", text, CURVE)
    before, now = first["leading"] / first["definitions"], last["leading"] / last["definitions"]
    condition = "same" if before == now else "grown" if now > before else "shrunk"
    text = sentence(
        "On {start} China led under {a} of {b} definitions, on {end} under {c} of {d}.",
        start=day(first["as_of"]),
        a=book.quote(first, CURVE, "leading", "count"),
        b=book.quote(first, CURVE, "definitions", "count"),
        end=day(last["as_of"]),
        c=book.quote(last, CURVE, "leading", "count"),
        d=book.quote(last, CURVE, "definitions", "count"),
    )
    if first["definitions"] != last["definitions"]:
        text += Markup(" Where definitions are fewer, the snapshot does not hold every kind of count.")
    return Finding("robustness-history", condition, text, CURVE)


def left_out(results: Results, lens: str = "publisher") -> pd.DataFrame:
    """The organisations that move the headline's margin most, on the best basis of the newest date."""
    table = results.tables[JACKKNIFE]
    rows = table[(table["as_of"] == results.as_of) & (table["lens"] == lens)]
    for basis in ("all-time", "snapshot-30-day"):
        chosen = rows[rows["basis"] == basis]
        if not chosen.empty:
            return chosen.sort_values("rank", ignore_index=True)
    return rows


def jackknife(book: FactBook, lens: str = "publisher") -> Finding:
    """Whether leaving one organisation out turns the lead: ``turns``, ``holds`` or ``no-data``."""
    rows = left_out(book.results, lens)
    if rows.empty:
        text = Markup("There are too few organisations with downloads of new models to leave one out.")
        return Finding("jackknife", "no-data", text, JACKKNIFE)
    turning = rows[rows["turns"].astype(bool)]
    row = rows.iloc[0] if turning.empty else turning.iloc[0]
    condition = "turns" if row["turning"] else "holds"
    text = sentence(
        "Without {organisation}, which took {share} of the downloads of models less than a year old, the margin would "
        "be {without} instead of {margin}",
        organisation=Markup("<strong>{}</strong>").format(row["organisation"]),
        share=book.quote(row, JACKKNIFE, "share", "percent"),
        without=_margin(book, row, JACKKNIFE, "margin_without"),
        margin=_margin(book, row, JACKKNIFE, "margin"),
    )
    if condition == "holds":
        text += Markup("; no single organisation turns the lead.")
    elif row["turning"] == 1:
        text += Markup(": the lead turns. It is the only organisation of which this is true.")
    else:
        text += sentence(
            ": the lead turns. This is true of each of {count} organisations.",
            count=book.quote(row, JACKKNIFE, "turning", "count"),
        )
    return Finding("jackknife", condition, text, JACKKNIFE)


def _turning(rows: pd.DataFrame, condition: str) -> Markup:
    """The settings that all definitions against the majority share."""
    if condition not in ("most", "reversed"):
        return Markup("")
    against = rows[(rows["margin"] > 0) == (condition == "reversed")]
    if against.empty:
        return Markup("")
    shared = [
        choice.settings[against[choice.column].iloc[0]]
        for choice in CHOICES
        if against[choice.column].nunique() == 1 and rows[choice.column].nunique() > 1
    ]
    if not shared:
        return Markup(" No single choice is common to all the definitions that turn the lead.")
    return sentence(" The lead turns only where models are counted {shared}.", shared=" and ".join(shared))


def _decisive(book: FactBook, rows: pd.DataFrame) -> Markup:
    """The choice whose settings differ most in their mean margin, and what it does to the headline."""
    summary = by_choice(rows)
    # Two means equal but for rounding leave nothing to name.
    if summary.empty or summary["spread"].max() < 1e-9:
        return Markup("")
    widest = summary[summary["spread"] == summary["spread"].max()]
    widest = widest[widest["column"] == widest["column"].iloc[0]].sort_values("mean")
    text = sentence(" The choice that matters most is {choice}", choice=widest["choice"].iloc[0])
    base = headline(rows)
    column = widest["column"].iloc[0]
    examples = []
    for _, setting in widest.iloc[[0, -1]].iterrows():
        like = rows
        for choice in CHOICES if not base.empty else ():
            value = setting["value"] if choice.column == column else base[choice.column].iloc[0]
            like = like[like[choice.column] == value]
        if not base.empty and not like.empty:
            examples.append((setting["setting"], _margin(book, like.iloc[0], CURVE, "margin")))
    if len(examples) < 2:
        return text + Markup(".")
    (low, low_margin), (high, high_margin) = examples
    return text + sentence(
        ": with all else as in the headline, the margin is {low_margin} ({low}) and {high_margin} ({high}).",
        low=low,
        low_margin=low_margin,
        high=high,
        high_margin=high_margin,
    )


def _margin(book: FactBook, row: pd.Series, metric: str, column: str) -> Markup:
    """A margin with the side that it favours."""
    points = book.quote(row, metric, column, "points")
    if row[column] == 0:
        return sentence("{points}", points=points)
    side = in_sentence(COUNTRY if row[column] > 0 else OTHER_COUNTRY)
    return sentence("{points} for {side}", points=points, side=side)
