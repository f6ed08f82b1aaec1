"""How much use passes through re-packagers, who the largest is, and whose models they carry."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.intermediaries import OTHERS
from generator.selection import newest, series
from generator.wording import in_sentence, window

METRIC = "intermediaries"
WHOLE_MARKET = "all-downloads-share-by-country"

TIE = 0.0005
"""Shares nearer than this print as the same tenth of a percent, so neither side is said to lead."""

SELECTION = Markup(
    " The data are a selection of models, and re-packagers publish many that are little used each: what is outside "
    "the selection is missing here."
)


def repackaged(book: FactBook) -> Finding:
    """What share of downloads passes through re-packagers, and through whom: ``known``, ``none`` or ``no-data``."""
    rows = newest(book.results, METRIC)
    market = newest(book.results, WHOLE_MARKET, lens="publisher")
    counted = rows[rows["share"].notna() & rows["intermediaries_share"].notna()]
    if counted.empty:
        if market.empty or market["share"].isna().all():
            text = Markup("There are no downloads in this edition's data to speak of.")
            return Finding("repackaged", "no-data", text, METRIC)
        text = sentence(
            "No download {window} went through a re-packager that the registry lists.", window=window(market.iloc[0])
        )
        return Finding("repackaged", "none", text + _selection(book), METRIC)
    named = counted[counted["organisation"] != OTHERS].drop_duplicates("organisation")
    largest = Markup("<strong>{}</strong>").format(named.iloc[0]["organisation"])
    text = sentence(
        "{share} of all downloads {window} went through re-packagers that the registry lists",
        share=book.quote(counted.iloc[0], METRIC, "intermediaries_share", "percent"),
        window=window(counted.iloc[0]),
    )
    if len(named) == 1:
        text += sentence(", all of it through {largest}.", largest=largest)
    else:
        rest = [
            sentence(
                "{name} ({share})",
                name=row["organisation"],
                share=book.quote(row, METRIC, "organisation_share", "percent"),
            )
            for _, row in named.iloc[1:3].iterrows()
        ]
        text += sentence(
            "; the largest is {largest} with {share} of these downloads, before {rest}.",
            largest=largest,
            share=book.quote(named.iloc[0], METRIC, "organisation_share", "percent"),
            rest=Markup(" and ").join(rest),
        )
    return Finding("repackaged", "known", text + _selection(book), METRIC)


def carried(book: FactBook) -> Finding:
    """Which country's models re-packagers carry most.

    The condition is ``most`` where one has more than half of their downloads, ``first`` where it has more than any
    other country, ``within-bounds`` where the downloads of unknown origin could change the order, ``tie``,
    ``one-country``, ``unknown`` where no origin is known, ``no-data``.
    """
    rows = newest(book.results, METRIC)
    counted = rows[rows["share"].notna()]
    if counted.empty:
        text = Markup("Without downloads through re-packagers there is no origin to name.")
        return Finding("carried", "no-data", text, METRIC)
    origins = counted.drop_duplicates("origin_country").sort_values(
        ["origin_share", "origin_country"], ascending=[False, True]
    )
    known = origins[~origins["origin_country"].isin([UNATTRIBUTED, INTERNATIONAL]) & (origins["origin_share"] > 0)]
    rest = origins[(origins["origin_country"] == UNATTRIBUTED) & (origins["origin_share"] > 0)]
    unknown = 0.0 if rest.empty else float(rest["origin_share"].iloc[0])
    if known.empty:
        text = Markup("Of what re-packagers carry, no origin country is known.")
        return Finding("carried", "unknown", text, METRIC)
    first = known.iloc[0]
    facts = {
        "first": Markup("<strong>{}</strong>").format(in_sentence(first["origin_country"])),
        "a": book.quote(first, METRIC, "origin_share", "percent"),
        "unknown": _unknown(book, rest),
    }
    if len(known) == 1:
        text = sentence(
            "All that re-packagers carry and whose origin country is known comes from {first}: {a} of their "
            "downloads.{unknown}",
            **facts,
        )
        return Finding("carried", "one-country", text, METRIC)
    second = known.iloc[1]
    facts |= {
        "second": in_sentence(second["origin_country"]),
        "b": book.quote(second, METRIC, "origin_share", "percent"),
    }
    margin = float(first["origin_share"] - second["origin_share"])
    if margin < TIE:
        text = sentence(
            "Re-packagers carry as much from {first} as from {second}: {a} and {b} of their downloads.{unknown}",
            **facts,
        )
        return Finding("carried", "tie", text, METRIC)
    most = float(first["origin_share"]) > 0.5
    opening = "More than half of what re-packagers carry" if most else "The largest part of what re-packagers carry"
    text = sentence(
        opening + " comes from {first}: {a} of their downloads, against {b} from {second}.{unknown}", **facts
    )
    if unknown > margin:
        text += " These could turn the order."
        return Finding("carried", "within-bounds", text, METRIC)
    return Finding("carried", "most" if most else "first", text, METRIC)


def repackaged_over_time(book: FactBook) -> Finding:
    """Whether more passes through re-packagers than before.

    The condition is ``risen``, ``fallen`` or ``level`` against the first report date on the same basis, ``one-date``
    where there is no other, ``no-data``.
    """
    rows = series(book.results, METRIC)
    dated = rows[rows["intermediaries_share"].notna()].drop_duplicates("as_of").sort_values("as_of")
    name = "repackaged-over-time"
    if dated.empty:
        text = Markup("Without downloads through re-packagers there is no course to follow.")
        return Finding(name, "no-data", text, METRIC)
    if len(dated) == 1:
        text = Markup(
            "Whether more or less passes through re-packagers cannot be said yet: there is one report date on this "
            "basis. The history will grow with each snapshot."
        )
        return Finding(name, "one-date", text, METRIC)
    first, last = dated.iloc[0], dated.iloc[-1]
    change = float(last["intermediaries_share"] - first["intermediaries_share"])
    condition = "level" if abs(change) < TIE else "risen" if change > 0 else "fallen"
    words = {"level": "stayed level", "risen": "risen", "fallen": "fallen"}
    text = sentence(
        "Their share has " + words[condition] + ": {a} {then}, {b} {now}.",
        a=book.quote(first, METRIC, "intermediaries_share", "percent"),
        then=window(first),
        b=book.quote(last, METRIC, "intermediaries_share", "percent"),
        now=window(last),
    )
    return Finding(name, condition, text, METRIC)


def _unknown(book: FactBook, rest: pd.DataFrame) -> Markup:
    if rest.empty:
        return Markup("")
    return sentence(
        " The origin of {share} is not known.", share=book.quote(rest.iloc[0], METRIC, "origin_share", "percent")
    )


def _selection(book: FactBook) -> Markup:
    return SELECTION if book.results.source.selection else Markup("")
