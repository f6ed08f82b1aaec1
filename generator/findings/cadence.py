"""How often labs release, and whether the study's statement about it holds."""

import pandas as pd
from markupsafe import Markup

from generator.facts import Fact, FactBook, sentence
from generator.findings.finding import Finding
from generator.wording import count, day, in_sentence

CADENCE = "release-cadence"
BY_COUNTRY = "release-cadence-by-country"
COUNTRY = "CN"
OTHER_COUNTRY = "US"

BIWEEKLY_DAYS = 14
HALF_YEARLY_DAYS = 150
"""From here on a rhythm counts as half-yearly: months differ and labs round."""

LEVEL_RATIO = 1.25
"""Medians of so few intervals that differ by less than this factor are called level."""

FEWEST_LABS = 3
"""With fewer labs there is no median lab to speak of."""

NO_RELEASES = Markup("This edition's data hold no release of a large lab in the twelve months up to its date.")

OPENINGS = {
    "confirmed": "Weekly or biweekly releases in China against half-yearly ones in the United States: the figures "
    "bear the statement out.",
    "faster": "China's labs release in a quicker rhythm than those of the United States, but not weekly or biweekly "
    "against half-yearly, as was said.",
    "level": "The labs of China and of the United States release in much the same rhythm; weekly or biweekly against "
    "half-yearly, as was said, does not show.",
    "undecided": "Whose labs release in the quicker rhythm hangs on the reading; weekly or biweekly against "
    "half-yearly, as was said, is not borne out.",
    "slower": "The median interval between releases is longer in China than in the United States: weekly or biweekly "
    "against half-yearly, as was said, does not show.",
}


def claim(book: FactBook) -> Finding:
    """The study's statement on release rhythms, tested.

    ``confirmed`` (China's median lab at least every 14 days, the United States' at intervals of 150 or more),
    ``faster`` (China quicker, but not so), ``level``, ``slower``, ``undecided`` (intervals within the twelve months and
    those that began earlier point in opposite directions), ``too-few-labs`` or ``no-data``.
    """
    rows = _newest(book, BY_COUNTRY)
    if rows.empty:
        return Finding(CADENCE, "no-data", NO_RELEASES, BY_COUNTRY)
    pair = _pair(rows)
    if pair is None:
        parts = [
            sentence("{n} in {country}", n=_timed(book, rows, code), country=in_sentence(code))
            for code in (COUNTRY, OTHER_COUNTRY)
        ]
        text = sentence(
            "There are too few large labs to compare rhythms: {first} and {second} released on two days or more in the "
            "twelve months to {date}.{bound}",
            first=parts[0],
            second=parts[1],
            date=day(book.results.as_of),
            bound=_bound(book),
        )
        return Finding(CADENCE, "too-few-labs", text, BY_COUNTRY)
    own, other = pair
    condition = _condition(own, other)
    text = sentence(
        "{within}{opening} In the twelve months to {date} China's median lab let <strong>{own_days} days</strong> pass "
        "between releases and that of the United States <strong>{other_days} days</strong>. {over} {number}{bound}",
        within="Within this selection of models: " if book.results.source.selection else "",
        opening=OPENINGS[condition],
        date=day(book.results.as_of),
        own_days=_days(book, own, BY_COUNTRY),
        other_days=_days(book, other, BY_COUNTRY),
        over=_over(book, own, other),
        number=_by_number(book, own, other, condition),
        bound=_bound(book),
    )
    return Finding(CADENCE, condition, text, BY_COUNTRY)


def busiest(book: FactBook) -> Finding:
    """The lab with most releases and the next two: ``ranked``, ``one-lab`` or ``no-data``."""
    rows = _newest(book, CADENCE)
    if rows.empty:
        return Finding("busiest-labs", "no-data", NO_RELEASES, CADENCE)
    rows = rows.sort_values("rank")
    first = rows.iloc[0]
    text = sentence(
        "Most releases in the twelve months to {date} are by <strong>{name}</strong>: {events}, or {monthly} a month",
        date=day(first["as_of"]),
        name=first["organisation"],
        events=book.quote(first, CADENCE, "events", "count"),
        monthly=book.quote(first, CADENCE, "events_per_month", "decimal"),
    )
    if pd.notna(first["median_days_between"]):
        text += sentence(", with a median of {days} days between them", days=_days(book, first, CADENCE))
    if len(rows) == 1:
        return Finding("busiest-labs", "one-lab", text + "; no other large lab released.", CADENCE)
    following = [
        sentence("{name} ({events})", name=row["organisation"], events=book.quote(row, CADENCE, "events", "count"))
        for _, row in rows.iloc[1:3].iterrows()
    ]
    text += sentence("; then come {names}.", names=Markup(" and ").join(following))
    return Finding("busiest-labs", "ranked", text, CADENCE)


def history(book: FactBook) -> Finding:
    """What the two medians were before: ``compared``, ``one-date`` or ``no-data``."""
    table = book.results.tables[BY_COUNTRY]
    dates = sorted(table["as_of"].unique())
    known = [pair for as_of in dates if (pair := _pair(table[table["as_of"] == as_of])) is not None]
    if not known or known[-1][0]["as_of"] != book.results.as_of:
        text = Markup("There is no earlier comparison: two medians of labs need more releases than the data hold.")
        return Finding("cadence-history", "no-data", text, BY_COUNTRY)
    if len(known) == 1:
        text = Markup(
            "The days on which repositories were created reach back, so one snapshot is enough for the twelve months "
            "before it; how the rhythm changes will show as snapshots are added."
        )
        return Finding("cadence-history", "one-date", text, BY_COUNTRY)
    own, other = known[0]
    text = sentence(
        "At {date}, the first date with enough labs, the two medians were {own} days in China and {other} days in "
        "the United States.",
        date=day(own["as_of"]),
        own=_days(book, own, BY_COUNTRY),
        other=_days(book, other, BY_COUNTRY),
    )
    return Finding("cadence-history", "compared", text, BY_COUNTRY)


def _newest(book: FactBook, metric: str) -> pd.DataFrame:
    table = book.results.tables[metric]
    rows: pd.DataFrame = table[table["as_of"] == book.results.as_of]
    return rows


def _pair(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series] | None:
    """The rows of the two countries at one date, if both have a median lab to speak of."""
    enough = rows[rows["labs_with_interval"] >= FEWEST_LABS]
    own, other = (enough[enough["country"] == code] for code in (COUNTRY, OTHER_COUNTRY))
    return None if own.empty or other.empty else (own.iloc[0], other.iloc[0])


def _condition(own: pd.Series, other: pd.Series) -> str:
    within, reaching_back = (
        _compared(own[column], other[column]) for column in ("median_days_between", "median_days_since_previous")
    )
    if {"faster", "slower"} == {"faster" if found == "confirmed" else found for found in (within, reaching_back)}:
        return "undecided"
    return within


def _compared(own: float, other: float) -> str:
    if own <= BIWEEKLY_DAYS and other >= HALF_YEARLY_DAYS:
        return "confirmed"
    if max(own, other) < LEVEL_RATIO * min(own, other):
        return "level"
    return "faster" if own < other else "slower"


def _over(book: FactBook, own: pd.Series, other: pd.Series) -> Markup:
    """How many labs the two medians are of, and what they are if intervals may begin earlier."""
    facts = {
        "own_timed": book.quote(own, BY_COUNTRY, "labs_with_interval", "count"),
        "own_labs": book.quote(own, BY_COUNTRY, "labs", "count"),
        "other_timed": book.quote(other, BY_COUNTRY, "labs_with_interval", "count"),
        "other_labs": book.quote(other, BY_COUNTRY, "labs", "count"),
        "own_days": _days(book, own, BY_COUNTRY, "median_days_since_previous"),
        "other_days": _days(book, other, BY_COUNTRY, "median_days_since_previous"),
    }
    if all(row["labs_with_interval"] == row["labs"] for row in (own, other)):
        text = "These are the medians of all {own_labs} and {other_labs} large labs."
    else:
        text = (
            "These are the medians of {own_timed} of {own_labs} and {other_timed} of {other_labs} large labs; the "
            "others released on one day only."
        )
    return sentence(
        text + " Counting also the intervals that began before these twelve months, the medians are {own_days} days "
        "for China and {other_days} for the United States.",
        **facts,
    )


def _by_number(book: FactBook, own: pd.Series, other: pd.Series, condition: str) -> Markup:
    """The same by number of releases, which bursts do not distort."""
    more = own["events_per_lab"] > other["events_per_lab"]
    fewer = own["events_per_lab"] < other["events_per_lab"]
    if (condition == "slower" and more) or (condition in ("confirmed", "faster") and fewer):
        opening = "By number it is the other way round, and releases that come in bursts can make a median short:"
    else:
        opening = "By number:"
    return sentence(
        "{opening} a large lab made {own} releases on average in China and {other} in the United States.",
        opening=opening,
        own=book.quote(own, BY_COUNTRY, "events_per_lab", "decimal"),
        other=book.quote(other, BY_COUNTRY, "events_per_lab", "decimal"),
    )


def _bound(book: FactBook) -> Markup:
    """What a partial view of the Hub does to the figures."""
    source = book.results.source
    if source.simulated:
        return Markup("")
    if source.selection:
        rows = source.coverage.get("rows")
        return sentence(
            " The data are a selection of {rows} models, chosen for other reasons than completeness: the "
            "numbers of releases are lower bounds, and the statement can be neither proved nor refuted by them.",
            rows=count(rows if isinstance(rows, int) else None),
        )
    return Markup(
        " What is too little downloaded to be among the data is missing, so the numbers of releases are lower bounds."
    )


def _timed(book: FactBook, rows: pd.DataFrame, country: str) -> Fact | str:
    found = rows[rows["country"] == country]
    if found.empty:
        return "none"
    return book.quote(found.iloc[0], BY_COUNTRY, "labs_with_interval", "count")


def _days(book: FactBook, row: pd.Series, metric: str, column: str = "median_days_between") -> Fact:
    return book.quote(row, metric, column, "count" if float(row[column]).is_integer() else "decimal")
