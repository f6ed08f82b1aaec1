"""Size and efficiency of the new models that are downloaded."""

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.efficiency import ALL
from generator.selection import newest, series
from generator.traits.sizes import UNKNOWN
from generator.wording import day, in_sentence, window

EFFICIENCY = "efficiency"
BY_COUNTRY = "efficiency-by-country"
NO_NEW_MODELS = Markup("There are no downloads of new models in this edition's data to sort by size.")
NO_SIZES = Markup("This edition's data tell the size of none of the new models.")

LEVEL = 0.01
"""Shares that differ by less are called level: sizes taken from names are no more exact than that."""
WELL_KNOWN = 0.8


def largest_class(book: FactBook) -> Finding:
    """The size class with most downloads: ``lead``, ``tie``, ``mostly-unknown``, ``unknown`` or ``no-data``."""
    rows = _now(book)
    classes = rows[(rows["size_class"] != ALL) & rows["share"].notna()] if not rows.empty else rows
    if classes.empty:
        return Finding("largest-class", "no-data", NO_NEW_MODELS, EFFICIENCY)
    known = classes[classes["size_class"] != UNKNOWN].sort_values("downloads", ascending=False, kind="stable")
    if known.empty:
        return Finding("largest-class", "unknown", NO_SIZES, EFFICIENCY)
    rest = classes[classes["size_class"] == UNKNOWN]
    first = known.iloc[0]
    facts = {
        "window": window(first),
        "a_class": _class(first["size_class"]),
        "a": book.quote(first, EFFICIENCY, "share", "percent"),
        "rest": "none" if rest.empty else book.quote(rest.iloc[0], EFFICIENCY, "share", "percent"),
    }
    if not rest.empty and rest["downloads"].iloc[0] >= first["downloads"]:
        text = sentence(
            "Most of the downloads of new models cannot be sorted by size: {rest} {window} went to models of unknown "
            "size, more than to any class; the largest known class is {a_class} with {a}.",
            **facts,
        )
        return Finding("largest-class", "mostly-unknown", text, EFFICIENCY)
    if len(known) > 1 and first["share"] - known["share"].iloc[1] < LEVEL:
        second = known.iloc[1]
        text = sentence(
            "Two size classes are level among new models {window}: {a_class} with {a} of the downloads and {b_class} "
            "with {b}; for {rest} the size is unknown.",
            b_class=_class(second["size_class"]),
            b=book.quote(second, EFFICIENCY, "share", "percent"),
            **facts,
        )
        return Finding("largest-class", "tie", text, EFFICIENCY)
    text = sentence(
        "Among new models, those with <strong>{a_class}</strong> take most downloads: {a} {window}; for {rest} the "
        "size is unknown.",
        **facts,
    )
    return Finding("largest-class", "lead", text, EFFICIENCY)


def small_models(book: FactBook) -> Finding:
    """What goes to models under 10B: ``majority``, ``minority``, ``open``, ``unknown`` or ``no-data``."""
    row = _total(book)
    if row is None:
        return Finding("small-models", "no-data", NO_NEW_MODELS, EFFICIENCY)
    if not row["known_share"] > 0:
        return Finding("small-models", "unknown", NO_SIZES, EFFICIENCY)
    small = float(row["under_10b_share"])
    # All of the downloads of unknown size may have gone to small models, or none.
    at_most = small + 1 - float(row["known_share"])
    condition = "majority" if small > 0.5 else "minority" if at_most <= 0.5 else "open"
    wording = {
        "majority": "More than half of the downloads of new models {window} went to models under 10B: {share} of them.",
        "minority": "Less than half of the downloads of new models {window} went to models under 10B: {share} of them.",
        "open": "Models known to be under 10B took {share} of the downloads of new models {window}; those of unknown "
        "size could make it more than half.",
    }
    text = sentence(
        wording[condition], window=window(row), share=book.quote(row, EFFICIENCY, "under_10b_share", "percent")
    )
    return Finding("small-models", condition, text, EFFICIENCY)


def typical_size(book: FactBook) -> Finding:
    """Median and download-weighted mean: ``released-larger``, ``downloaded-larger``, ``unknown`` or ``no-data``."""
    row = _total(book)
    if row is None:
        return Finding("typical-size", "no-data", NO_NEW_MODELS, EFFICIENCY)
    if pd.isna(row["median_parameters"]) or pd.isna(row["mean_parameters"]):
        return Finding("typical-size", "unknown", NO_SIZES, EFFICIENCY)
    facts = {
        "median": book.quote(row, EFFICIENCY, "median_parameters", "count"),
        "mean": book.quote(row, EFFICIENCY, "mean_parameters", "count"),
    }
    if row["mean_parameters"] > row["median_parameters"]:
        text = sentence(
            "The median new model has {median} parameters; weighted by downloads the mean is {mean}, drawn up by "
            "the largest.",
            **facts,
        )
        return Finding("typical-size", "downloaded-larger", text, EFFICIENCY)
    text = sentence(
        "The median new model has {median} parameters; weighted by downloads the mean is {mean}: downloads favour "
        "the smaller ones.",
        **facts,
    )
    return Finding("typical-size", "released-larger", text, EFFICIENCY)


def kinds(book: FactBook) -> Finding:
    """Shares quantised, mixtures of experts and distilled: ``known`` or ``no-data``."""
    row = _total(book)
    if row is None:
        return Finding("kinds", "no-data", NO_NEW_MODELS, EFFICIENCY)
    text = sentence(
        "Of the downloads of new models {window}, {quantised} went to weights of 8 bits or fewer, {moe} to mixtures of "
        "experts and {distilled} to models that call themselves distilled.",
        window=window(row),
        quantised=book.quote(row, EFFICIENCY, "quantised_share", "percent"),
        moe=book.quote(row, EFFICIENCY, "moe_share", "percent"),
        distilled=book.quote(row, EFFICIENCY, "distilled_share", "percent"),
    )
    return Finding("kinds", "known", text, EFFICIENCY)


def known_sizes(book: FactBook) -> Finding:
    """How much the figures rest on: ``well-known``, ``poorly-known`` or ``no-data``."""
    row = _total(book)
    if row is None:
        return Finding("known-sizes", "no-data", NO_NEW_MODELS, EFFICIENCY)
    condition = "well-known" if row["known_share"] >= WELL_KNOWN else "poorly-known"
    text = sentence(
        "The number of parameters is known for {models} of the {count} new models, which have {downloads} of their "
        "downloads.",
        models=book.quote(row, EFFICIENCY, "known_models_share", "percent"),
        count=book.quote(row, EFFICIENCY, "models", "count"),
        downloads=book.quote(row, EFFICIENCY, "known_share", "percent"),
    )
    if condition == "poorly-known":
        text += " That is too little to say with confidence which sizes lead."
    return Finding("known-sizes", condition, text, EFFICIENCY)


def change(book: FactBook) -> Finding:
    """The share under 10B since the first date: ``rise``, ``fall``, ``level``, ``one-date`` or ``no-data``."""
    rows = series(book.results, EFFICIENCY, size_class=ALL)
    rows = rows[rows["under_10b_share"].notna()].sort_values("as_of") if not rows.empty else rows
    if rows.empty:
        return Finding("size-change", "no-data", NO_NEW_MODELS, EFFICIENCY)
    if len(rows) == 1:
        text = Markup(
            "The archive holds one date with these figures, so there is no change to report yet; the history grows "
            "with every snapshot."
        )
        return Finding("size-change", "one-date", text, EFFICIENCY)
    first, last = rows.iloc[0], rows.iloc[-1]
    difference = last["under_10b_share"] - first["under_10b_share"]
    condition = "level" if abs(difference) < LEVEL else "rise" if difference > 0 else "fall"
    verb = {"level": "has hardly moved", "rise": "has risen", "fall": "has fallen"}[condition]
    text = sentence(
        "The share of new-model downloads that go to models under 10B {verb} since {first}, from {a} to {b}.",
        verb=verb,
        first=day(first["as_of"]),
        a=book.quote(first, EFFICIENCY, "under_10b_share", "percent"),
        b=book.quote(last, EFFICIENCY, "under_10b_share", "percent"),
    )
    if book.results.source.selection:
        text += sentence(
            " These data hold {before} new models at the first of these dates and {after} at the last, so part of this "
            "is a change of what was counted.",
            before=book.quote(first, EFFICIENCY, "models", "count"),
            after=book.quote(last, EFFICIENCY, "models", "count"),
        )
    return Finding("size-change", condition, text, EFFICIENCY)


def small_by_country(book: FactBook, countries: tuple[str, str] = ("CN", "US")) -> Finding:
    """Two countries' own shares under 10B: ``first-smaller``, ``second-smaller``, ``tie`` or ``no-data``."""
    rows = newest(book.results, BY_COUNTRY, lens="publisher")
    found = [rows[(rows["country"] == code) & (rows["known_share"] > 0)] if len(rows) else rows for code in countries]
    if any(part.empty for part in found):
        text = Markup("The sizes of both countries' new models are not known, so they cannot be compared.")
        return Finding("small-by-country", "no-data", text, BY_COUNTRY)
    one, other = (part.iloc[0] for part in found)
    difference = one["under_10b_share"] - other["under_10b_share"]
    condition = "tie" if abs(difference) < LEVEL else "first-smaller" if difference > 0 else "second-smaller"
    text = sentence(
        "Of the downloads of new models from {one}, {a} went to models under 10B, against {b} of those from {other}.",
        one=in_sentence(one["country"]),
        other=in_sentence(other["country"]),
        a=book.quote(one, BY_COUNTRY, "under_10b_share", "percent"),
        b=book.quote(other, BY_COUNTRY, "under_10b_share", "percent"),
    )
    return Finding("small-by-country", condition, text, BY_COUNTRY)


def _now(book: FactBook) -> pd.DataFrame:
    return newest(book.results, EFFICIENCY)


def _total(book: FactBook) -> pd.Series | None:
    """The row over all classes, if it has downloads to share out."""
    rows = _now(book)
    if rows.empty:
        return None
    whole = rows[(rows["size_class"] == ALL) & rows["share"].notna()]
    return None if whole.empty else whole.iloc[0]


def _class(label: str) -> str:
    """A size class as it stands in a sentence."""
    words = {"<": "under ", "≥": "at least "}
    return f"{words.get(label[0], '')}{label.lstrip('<≥')} parameters"
