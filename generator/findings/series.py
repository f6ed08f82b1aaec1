"""What the series holds, what is wrong with it, and what that does to the figures."""

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.selection import newest
from generator.wording import day, in_sentence, window

COVERAGE = "series-coverage"
DAYS = "series-days"
COUNTS = "series-event-counts"
COMPARISON = "basis-comparison"
WITHOUT = "new-model-share-without-surges"

AGREE = 0.1
"""As far as this from 1 a ratio still speaks of two ways of counting the same."""


def report_dates(book: FactBook) -> Finding:
    """The dates that figures stand on: ``whole``, ``months-missing`` or ``one-date``."""
    row = book.results.tables[COVERAGE].iloc[0]
    if row["report_dates"] == 1:
        text = sentence("The series has one report date so far, {only}.", only=day(row["as_of"]))
        return Finding("report-dates", "one-date", text, COVERAGE)
    facts = {
        "number": book.quote(row, COVERAGE, "report_dates", "count"),
        "first": day(row["first_report_date"]),
        "last": day(row["as_of"]),
        "months": book.quote(row, COVERAGE, "months", "count"),
    }
    if row["months_missing"] > 0:
        text = sentence(
            "The series has {number} report dates from {first} to {last}, and none in {missing} of the {months} months "
            "between them: these months have no figures, and lines in charts break there.",
            missing=book.quote(row, COVERAGE, "months_missing", "count"),
            **facts,
        )
        return Finding("report-dates", "months-missing", text, COVERAGE)
    text = sentence("The series has {number} report dates from {first} to {last}, one in each month.", **facts)
    return Finding("report-dates", "whole", text, COVERAGE)


def snapshots(book: FactBook) -> Finding:
    """The snapshots and what is wrong with them: ``sound`` or ``faults``."""
    row = book.results.tables[COVERAGE].iloc[0]
    number = book.quote(row, COVERAGE, "snapshots", "count")
    if not any(row[name] for name in ("stale", "partial", "stepped_back", "gaps")):
        text = sentence("Of {number} snapshots none is stale or partial, and no gap lies between them.", number=number)
        return Finding("snapshots", "sound", text, COVERAGE)
    text = sentence(
        "Of {number} snapshots {stale} repeat the one before, {partial} hold far fewer models than their neighbours, "
        "and in {back} most counters fell; {gaps} gaps leave out {days} days.",
        number=number,
        stale=book.quote(row, COVERAGE, "stale", "count"),
        partial=book.quote(row, COVERAGE, "partial", "count"),
        back=book.quote(row, COVERAGE, "stepped_back", "count"),
        gaps=book.quote(row, COVERAGE, "gaps", "count"),
        days=book.quote(row, COVERAGE, "gap_days", "count"),
    )
    return Finding("snapshots", "faults", text, COVERAGE)


def out_of_step(book: FactBook) -> Finding | None:
    """The first snapshot in which most counters fell, if there is one: two sources of different days."""
    table = book.results.tables[DAYS]
    rows = table[table["stepped_back"].eq(True)]
    if rows.empty:
        return None
    row = rows.iloc[0]
    text = sentence(
        "On {date} {fallen} of {compared} counters are lower than in the snapshot before. Counters do not fall all at "
        "once: the snapshot before bears an earlier date than its counters, or this one a later one. Downloads between "
        "the two are off by the difference.",
        date=day(row["day"]),
        fallen=book.quote(row, DAYS, "fallen", "count"),
        compared=book.quote(row, DAYS, "compared", "count"),
    )
    return Finding("out-of-step", "stepped-back", text, DAYS)


def events(book: FactBook) -> Finding:
    """What happened to single models between the last two report dates: ``some``, ``none`` or ``one-date``."""
    results = book.results
    if len(results.report_dates) == 1:
        text = Markup("With one report date no model can be seen to vanish, to surge or to stand still.")
        return Finding("series-events", "one-date", text, COUNTS)
    table = results.tables[COUNTS]
    now = table[table["as_of"] == results.as_of]
    if not now["models"].any():
        text = sentence(
            "From {before} to {date} nothing out of the ordinary happened to any model.",
            before=day(results.report_dates[-2]),
            date=day(results.as_of),
        )
        return Finding("series-events", "none", text, COUNTS)
    text = sentence(
        "Of the models seen on {before}, {vanished} are not there on {date}; {renamed} more go on, as far as can be "
        "told, under another name. {returned} that had been missing are back. The counters of {fallen} fell; {surged} "
        "surged, and {still} with a large counter were not downloaded once.",
        before=day(results.report_dates[-2]),
        date=day(results.as_of),
        **{
            word: book.quote(now[now["event"] == event].iloc[0], COUNTS, "models", "count")
            for word, event in {
                "vanished": "vanished",
                "renamed": "likely-renamed",
                "returned": "returned",
                "fallen": "counter-reset",
                "surged": "surge",
                "still": "standing-still",
            }.items()
        },
    )
    return Finding("series-events", "some", text, COUNTS)


def surges(book: FactBook) -> Finding:
    """The headline with and without surging models: ``moves``, ``none`` or ``no-data``."""
    rows = leading_without_surges(book)
    if rows.empty:
        text = Markup("This edition's data hold no shares of new models to compare.")
        return Finding("surges", "no-data", text, WITHOUT)
    first = rows.iloc[0]
    if not rows["surging_models"].any():
        text = sentence(
            "Of the new models with enough earlier flows to tell, none surged {window}: the headline shares are the "
            "same with and without.",
            window=window(first),
        )
        return Finding("surges", "none", text, WITHOUT)
    parts = [
        sentence(
            "{country} holds {share} with and {without} without them",
            country=in_sentence(row["country"]).replace("the ", "The ", 1)
            if not place
            else in_sentence(row["country"]),
            share=book.quote(row, WITHOUT, "share", "percent"),
            without=book.quote(row, WITHOUT, "share_without", "percent"),
        )
        for place, (_, row) in enumerate(rows[rows["rank"].notna()].head(2).iterrows())
    ]
    text = sentence("Some new models surged {window}. {parts}.", window=window(first), parts=Markup(", ").join(parts))
    return Finding("surges", "moves", text, WITHOUT)


def leading_without_surges(book: FactBook) -> pd.DataFrame:
    """The headline's rows with and without surges: by publisher, the cohort, the largest first."""
    return newest(book.results, WITHOUT, lens="publisher", reading="cohort")


def agreement(book: FactBook) -> Finding:
    """Whether the two bases agree: ``agree``, ``differ`` or ``no-data``."""
    rows = compared(book)
    if rows.empty:
        text = Markup(
            "At no report date are both a 30-day count and counters some 30 days apart known, so the two ways of "
            "counting cannot be compared."
        )
        return Finding("agreement", "no-data", text, COMPARISON)
    row = rows.iloc[-1]
    facts = {
        "date": day(row["as_of"]),
        "models": book.quote(row, COMPARISON, "models", "count"),
        "ratio": book.quote(row, COMPARISON, "ratio", "index"),
        "median": book.quote(row, COMPARISON, "p50", "index"),
        "within": book.quote(row, COMPARISON, "within_tenth_share", "percent"),
        "days": book.quote(row, COMPARISON, "days", "count"),
    }
    said = (
        "On {date} the 30-day counts of {models} models give {ratio} times the downloads a day that their counters "
        "give over {days} days; the median model's ratio is {median}, and {within} of those large enough to compare "
        "lie within a tenth of 1."
    )
    if abs(row["ratio"] - 1) <= AGREE:
        return Finding("agreement", "agree", sentence(said, **facts), COMPARISON)
    text = sentence(said + " So far apart, the two do not speak of the same days.", **facts)
    return Finding("agreement", "differ", text, COMPARISON)


def compared(book: FactBook) -> pd.DataFrame:
    """The comparisons over one month in which single models could be compared, in order of time."""
    table = book.results.tables[COMPARISON]
    rows: pd.DataFrame = table[(table["window_months"] == 1) & table["p50"].notna() & table["ratio"].notna()]
    return rows.sort_values("as_of")
