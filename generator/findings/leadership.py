"""Who leads the market for new open models, by how much, since when, and how safely."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.selection import newest
from generator.wording import day, in_sentence, window

SHARE = "new-model-share-by-country"
MARGIN = "overtake"

TIE = 0.0005
"""Shares nearer than this print as the same tenth of a percent, so neither side is said to lead."""

LENS_WORDS = {
    "publisher": "counted by who published the model",
    "origin": "counted by who developed the model at the root of its lineage",
}


def leadership(book: FactBook, lens: str = "publisher", reading: str = "cohort") -> Finding:
    """The headline: the shares of China and the United States in new-model downloads.

    The condition is ``lead`` or ``reversed`` where one of the two is ahead whatever the unattributed downloads
    are, ``lead-within-bounds`` or ``reversed-within-bounds`` where they could turn the order, ``tie`` where both
    print alike, ``no-data`` where there is no new model or no download.
    """
    margins = newest(book.results, MARGIN, lens=lens, reading=reading)
    shares = newest(book.results, SHARE, lens=lens, reading=reading)
    name = f"leadership-{lens}-{reading}"
    if margins.empty or shares.empty:
        return Finding(
            name,
            "no-data",
            sentence(
                "There are no downloads of new models in this edition's data, so there is no leader to name "
                "({lens}, {reading} reading).",
                lens=LENS_WORDS[lens],
                reading=reading,
            ),
            SHARE,
        )
    margin = margins.iloc[0]
    condition = condition_of(margin)
    unattributed = shares[shares["country"] == UNATTRIBUTED]
    ahead, behind = (COUNTRY, OTHER_COUNTRY) if margin["margin"] > 0 else (OTHER_COUNTRY, COUNTRY)
    ahead_column, behind_column = ("share", "other_share") if margin["margin"] > 0 else ("other_share", "share")
    facts = {
        "a": book.quote(margin, MARGIN, ahead_column, "percent"),
        "b": book.quote(margin, MARGIN, behind_column, "percent"),
        "ahead": Markup("<strong>{}</strong>").format(_initial(in_sentence(ahead))),
        "behind": in_sentence(behind),
        "what": _what(reading),
        "window": window(margin),
        "lens": LENS_WORDS[lens],
    }
    if condition == "tie":
        lead = sentence("{ahead} and {behind} are level: each has {a} of {what} {window}, {lens}.", **facts)
    else:
        lead = sentence(
            "{ahead} leads: its models took {a} of {what} {window}, against {b} for {behind}, {lens}.", **facts
        )
    return Finding(name, condition, lead + " " + _certainty(book, condition, margin, unattributed), SHARE)


def condition_of(margin: pd.Series) -> str:
    """Which wording a row of the ``overtake`` table calls for."""
    if abs(margin["margin"]) < TIE:
        return "tie"
    side = "lead" if margin["margin"] > 0 else "reversed"
    certain = margin["lower"] > 0 or margin["upper"] < 0
    return side if certain else f"{side}-within-bounds"


def overtaking(book: FactBook, lens: str = "publisher", reading: str = "cohort") -> Finding:
    """Since when the leader leads: ``one-date``, ``always``, ``turned``, or ``no-data``."""
    margins = newest(book.results, MARGIN, lens=lens, reading=reading)
    name = f"overtaking-{lens}-{reading}"
    if margins.empty:
        return Finding(name, "no-data", Markup("There is no series of shares yet."), MARGIN)
    row = margins.iloc[0]
    ahead = in_sentence(COUNTRY if row["leads"] else OTHER_COUNTRY)
    behind = in_sentence(OTHER_COUNTRY if row["leads"] else COUNTRY)
    dates = len(book.results.report_dates)
    if dates == 1:
        return Finding(
            name,
            "one-date",
            sentence(
                "The archive holds one report date ({date}), so nothing can be said yet of when {ahead} came "
                "ahead of {behind}; the series grows with every month that is collected.",
                date=day(row["as_of"]),
                ahead=ahead,
                behind=behind,
            ),
            MARGIN,
        )
    facts = {
        "ahead": ahead,
        "behind": behind,
        "since": book.quote(row, MARGIN, "since", "date"),
        "held": book.quote(row, MARGIN, "months_held", "count"),
        "margin": book.quote(row, MARGIN, "margin", "points"),
    }
    if row["since_start"]:
        text = sentence(
            "On all {held} report dates since {since}, where this archive begins, {ahead} has been ahead of "
            "{behind}; the margin is now {margin}.",
            **facts,
        )
        return Finding(name, "always", text, MARGIN)
    text = sentence(
        "The order last turned on {since}: {ahead} has been ahead of {behind} on the {held} report dates since "
        "then, now by {margin}.",
        **facts,
    )
    return Finding(name, "turned", text, MARGIN)


def _certainty(book: FactBook, condition: str, margin: pd.Series, unattributed: pd.DataFrame) -> Markup:
    if unattributed.empty:
        return Markup("Every one of these downloads is attributed to a country or an international body.")
    rest = book.quote(unattributed.iloc[0], SHARE, "share", "percent")
    if condition == "tie":
        return sentence("{rest} of the downloads could not be attributed to any country.", rest=rest)
    if condition.endswith("within-bounds"):
        return sentence(
            "The {rest} that could not be attributed to any country are more than the margin of {margin}: were "
            "enough of them the other side's, the order would turn.",
            rest=rest,
            margin=book.quote(margin, MARGIN, "margin", "points"),
        )
    return sentence(
        "The order stands even if all of the {rest} that could not be attributed to any country were the other side's.",
        rest=rest,
    )


def _what(reading: str) -> str:
    if reading == "cohort":
        return "the downloads of models less than a year old"
    return "all downloads made in a model's first year"


def _initial(text: str) -> str:
    return text[0].upper() + text[1:]
