"""What is new since the report date before: leaders, the largest moves, who entered the first ten, and revisions."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import Fact, FactBook, sentence
from generator.findings.finding import Finding
from generator.revisions import MOVED
from generator.selection import newest, series
from generator.wording import cell, count, country_name, day, in_sentence, window

MOVES = 5
FIRST = 10


@dataclass(frozen=True)
class Ranking:
    """A table whose changes are told: what is ranked in it, of what its shares are, and which of its rows to take."""

    metric: str
    of: str
    what: str
    where: tuple[tuple[str, str], ...] = (("lens", "publisher"),)


RANKINGS = (
    Ranking(
        "new-model-share-by-country",
        "country",
        "the downloads of models less than a year old",
        (("lens", "publisher"), ("reading", "cohort")),
    ),
    Ranking("all-downloads-share-by-country", "country", "the downloads of all models"),
    Ranking("top-developers", "organisation", "the downloads of all models"),
    # A family is one by lineage, whoever published the copy: it has no lens.
    Ranking("top-families", "family", "the downloads of all models", ()),
)


@dataclass(frozen=True)
class Move:
    """A share on the report date before and on the newest."""

    name: str
    before: Fact
    now: Fact


def leader(book: FactBook, ranking: Ranking) -> Finding:
    """Whether the same one leads: ``same``, ``changed``, ``first-date`` or ``no-data``."""
    now, before = _both(book, ranking)
    name = f"leader-{ranking.metric}"
    if now.empty:
        text = Markup("There are no downloads in this edition's data to speak of.")
        return Finding(name, "no-data", text, ranking.metric)
    first = now.iloc[0]
    facts = {
        "first": _initial(_named(ranking, first)),
        "a": book.quote(first, ranking.metric, "share", "percent"),
        "what": ranking.what,
        "window": window(first),
    }
    if before.empty:
        text = sentence(
            "{first} leads with {a} of {what} {window}; there is no earlier report date in the same terms to compare "
            "with.",
            **facts,
        )
        return Finding(name, "first-date", text, ranking.metric)
    led = before.iloc[0]
    facts |= {
        "b": book.quote(led, ranking.metric, "share", "percent"),
        "led": _named(ranking, led),
        "then": day(led["as_of"]),
    }
    if led[ranking.of] == first[ranking.of]:
        text = sentence("{first} still leads: {a} of {what} {window}, after {b} as of {then}.", **facts)
        return Finding(name, "same", text, ranking.metric)
    text = sentence(
        "The lead has changed: {first} now comes first with {a} of {what} {window}; as of {then} it was {led}, with "
        "{b}.",
        **facts,
    )
    return Finding(name, "changed", text, ranking.metric)


def entrants(book: FactBook, ranking: Ranking) -> Finding:
    """Who is among the first ten and was not: ``entered``, ``none``, ``first-date`` or ``no-data``."""
    now, before = _both(book, ranking)
    name = f"entrants-{ranking.metric}"
    if now.empty or before.empty:
        condition = "no-data" if now.empty else "first-date"
        return Finding(name, condition, Markup("There is nothing yet to compare with."), ranking.metric)
    then = set(before.head(FIRST)[ranking.of])
    new = [row for _, row in now.head(FIRST).iterrows() if row[ranking.of] not in then]
    since = {"then": day(before.iloc[0]["as_of"]), "first": FIRST}
    if not new:
        text = sentence("The first {first} are the same as on {then}.", **since)
        return Finding(name, "none", text, ranking.metric)
    names = [
        sentence(
            "{name} (rank {rank})", name=_named(ranking, row), rank=book.quote(row, ranking.metric, "rank", "count")
        )
        for row in new
    ]
    text = sentence("New among the first {first} since {then}: {names}.", names=Markup(", ").join(names), **since)
    return Finding(name, "entered", text, ranking.metric)


def moves(book: FactBook, ranking: Ranking) -> list[Move]:
    """The largest changes of share in either direction, the largest first; none without a date to compare with."""
    now, before = _both(book, ranking, ranked=False)
    if now.empty or before.empty:
        return []
    pairs = now.set_index(ranking.of)["share"].to_frame("now").join(before.set_index(ranking.of)["share"], how="inner")
    changes = (pairs["now"] - pairs["share"]).astype(float)
    order = changes.abs().sort_values(ascending=False, kind="stable")
    chosen = [name for name, change in order.head(MOVES).items() if change > 0]
    rows = [{str(row[ranking.of]): row for _, row in both.iterrows()} for both in (before, now)]
    return [
        Move(
            country_name(name) if ranking.of == "country" else name,
            *(book.quote(found[name], ranking.metric, "share", "percent") for found in rows),
        )
        for name in map(str, chosen)
    ]


def revised(book: FactBook) -> Finding:
    """Which published figures were given otherwise since: ``some``, ``none``, ``first-date`` or ``not-kept``.

    The register of revisions is no metric's table, so the finding names none.
    """
    register, since = book.results.revisions, previous_date(book)
    if register is None:
        text = Markup("This edition was made from data that are not kept, so it has no register of revisions.")
        return Finding("revised", "not-kept", text, "")
    if since is None:
        text = Markup("This is the first report date, so there was no figure to revise.")
        return Finding("revised", "first-date", text, "")
    rows = register[register["revised_on"] > since]
    moved = rows["metric"] == MOVED
    figures = rows[~moved]
    if rows.empty:
        text = sentence(
            "None: since {since} no figure of a past report date has been given otherwise.", since=day(since)
        )
        return Finding("revised", "none", text, "")
    parts = []
    if len(figures):
        given = sentence(
            "Since {since}, {figures} of {dates} {have} been given otherwise than published.",
            since=day(since),
            figures=_several(len(figures), "figure"),
            dates=_several(figures["as_of"].nunique(), "past report date"),
            have="has" if len(figures) == 1 else "have",
        )
        parts += [given, _largest(book, figures)]
    else:
        parts += [sentence("Since {since} no figure has been given otherwise.", since=day(since))]
    if moved.any():
        parts += [sentence("{dates} gave way to another.", dates=_several(moved.sum(), "report date"))]
    return Finding("revised", "some", Markup(" ").join(parts), "")


def _largest(book: FactBook, figures: pd.DataFrame) -> Markup:
    change = (figures["new"] - figures["old"]).abs().where(figures["column"] != "rank").dropna()
    if change.empty:
        return Markup("All of them are ranks, or rows that came or went.")
    row: pd.Series = figures[figures.index == change.idxmax()].iloc[0]
    metric = book.results.metrics.get(row["metric"])
    return sentence(
        "The largest is “{title}” as of {as_of}, {row}: {column} {old} as published, {new} now.",
        title=metric.title if metric else row["metric"],
        as_of=day(row["as_of"]),
        row=row["row"] or "its one row",
        column=row["column"].replace("_", " "),
        old=cell(row["column"], row["old"]),
        new=cell(row["column"], row["new"]),
    )


def _several(number: int, what: str) -> str:
    return f"{count(number)} {what}" + ("" if number == 1 else "s")


def previous_date(book: FactBook) -> date | None:
    """The report date before the newest, if there is one."""
    dates = book.results.report_dates
    return dates[-2] if len(dates) > 1 else None


def _both(book: FactBook, ranking: Ranking, ranked: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the newest report date and of the one before, in the same window and on the same basis."""
    where = dict(ranking.where)
    now = newest(book.results, ranking.metric, **where)
    every = series(book.results, ranking.metric, **where)
    before = every[every["as_of"] == previous_date(book)] if not every.empty else every
    return _usable(now, ranking, ranked), _usable(before, ranking, ranked)


def _usable(rows: pd.DataFrame, ranking: Ranking, ranked: bool) -> pd.DataFrame:
    if rows.empty:
        return rows
    kept = rows[rows["share"].notna()]
    kept = kept[kept["rank"].notna()] if ranked else kept[kept[ranking.of] != UNATTRIBUTED]
    return kept.sort_values("rank", na_position="last", kind="stable")


def _named(ranking: Ranking, row: pd.Series) -> str:
    name = str(row[ranking.of])
    return in_sentence(name) if ranking.of == "country" else name


def _initial(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text[0].upper() + text[1:])
