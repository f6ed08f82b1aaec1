"""What new models read and write, and who leads in video."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.modality import ALL
from generator.metrics.video_by_country import ALL_VIDEO
from generator.selection import newest, series
from generator.traits.modality import MODALITIES, UNKNOWN, VIDEO_TASKS
from generator.wording import day, in_sentence, window

MODALITY = "modality"
BY_COUNTRY = "modality-by-country"
VIDEO = "video-by-country"

COUNTRY = "CN"
"""The country of which it was said that it leads in video."""

TIE = 0.0005
"""Shares nearer than this print as the same tenth of a percent, so neither side is said to lead."""

LEVEL = 0.001
"""A change of video's share by less is called none."""

TOO_FEW = 20
"""With fewer models of a kind, one release more or less decides who leads."""

NO_NEW_MODELS = Markup("There are no downloads of new models in this edition's data to sort by modality.")

NAMES = {
    "text": "text",
    "embedding": "embedding",
    "image": "image",
    "video": "video",
    "audio": "audio",
    "multimodal": "multimodal",
    "other": "other",
    UNKNOWN: "unknown",
}
LENS_WORDS = {
    "publisher": "counted by who published the model",
    "origin": "counted by who developed the model at the root of its lineage",
}
SELECTION = Markup(
    " As the data are a selection of models, this says first of all which models were selected, and little about what "
    "the whole Hub holds."
)


def leading_modality(book: FactBook) -> Finding:
    """The modality with most downloads: ``lead``, ``lead-within-bounds``, ``tie``, ``unknown`` or ``no-data``.

    Within bounds: were all downloads of unknown modality the second's, it would be first.
    """
    rows = newest(book.results, MODALITY)
    if rows.empty or rows["share"].isna().all():
        return Finding("leading-modality", "no-data", NO_NEW_MODELS, MODALITY)
    ranked = rows[rows["rank"].notna() & (rows["downloads"] > 0)]
    rest = rows[rows["modality"] == UNKNOWN].iloc[0]
    if ranked.empty:
        text = Markup("This edition's data tell of none of the downloaded new models what it reads or writes.")
        return Finding("leading-modality", "unknown", text, MODALITY)
    first = ranked.iloc[0]
    facts = {
        "window": window(first),
        "first": NAMES[first["modality"]],
        "a": book.quote(first, MODALITY, "share", "percent"),
        "rest": book.quote(rest, MODALITY, "share", "percent"),
        "largest": book.quote(first, MODALITY, "largest_model_share", "percent"),
    }
    second = ranked.iloc[1] if len(ranked) > 1 else None
    if second is None:
        condition = _certainty(first["share"], rest["share"])
        text = sentence(
            "All downloads of new models {window} whose modality is known went to <strong>{first}</strong> models, {a} "
            "of all; of {rest} the modality is unknown.",
            **facts,
        )
    else:
        facts |= {"second": NAMES[second["modality"]], "b": book.quote(second, MODALITY, "share", "percent")}
        margin = first["share"] - second["share"]
        condition = "tie" if margin < TIE else _certainty(margin, rest["share"])
        if condition == "tie":
            text = sentence(
                "{first_initial} and {second} models are level among new models: each group took {a} of the downloads "
                "{window}; of {rest} the modality is unknown.",
                first_initial=_initial(str(facts["first"])),
                **facts,
            )
        else:
            text = sentence(
                "Among new models, <strong>{first}</strong> models lead: they took {a} of the downloads {window}, "
                "before {second} models with {b}; of {rest} the modality is unknown.",
                **facts,
            )
    if condition == "lead-within-bounds":
        text += " Enough of these could be of another modality to turn the order."
    if condition != "tie":
        text += sentence(
            " The most downloaded single model has {largest} of the downloads of the {first} models.", **facts
        )
    return Finding("leading-modality", condition, text + _selection(book), MODALITY)


def by_number(book: FactBook) -> Finding:
    """The modality with most models: ``same`` as by downloads, ``other``, ``unknown`` or ``no-data``."""
    rows = newest(book.results, MODALITY)
    if rows.empty:
        return Finding(
            "modality-by-number", "no-data", Markup("There are no new models in this edition's data."), MODALITY
        )
    known = rows[rows["rank"].notna()]
    whole = rows[rows["modality"] == ALL].iloc[0]
    if known.empty:
        text = sentence(
            "The modality of none of the {models} new models is known.",
            models=book.quote(whole, MODALITY, "models", "count"),
        )
        return Finding("modality-by-number", "unknown", text, MODALITY)
    first = known.sort_values("models", ascending=False, kind="stable").iloc[0]
    rest = rows[rows["modality"] == UNKNOWN].iloc[0]
    condition = "same" if first["rank"] == 1 else "other"
    text = sentence(
        "By number {also}{first} models are the most: {count} of the {models} new models ({share}); {unknown} have an "
        "unknown modality.",
        also="too, " if condition == "same" else "",
        first=NAMES[first["modality"]],
        count=book.quote(first, MODALITY, "models", "count"),
        models=book.quote(whole, MODALITY, "models", "count"),
        share=book.quote(first, MODALITY, "models_share", "percent"),
        unknown=book.quote(rest, MODALITY, "models", "count"),
    )
    return Finding("modality-by-number", condition, text, MODALITY)


def leading_countries(book: FactBook, lens: str = "publisher") -> Finding:
    """Who leads in each modality with enough models: ``known``, ``too-few`` or ``no-data``."""
    rows = newest(book.results, BY_COUNTRY, lens=lens)
    name = f"leading-countries-{lens}"
    if rows.empty:
        return Finding(name, "no-data", NO_NEW_MODELS, BY_COUNTRY)
    led: dict[str, list[Markup]] = {}
    doubtful, few = [], []
    for modality in MODALITIES:
        group = rows[rows["modality"] == modality]
        if modality == UNKNOWN or group.empty:
            continue
        ranked = group[group["rank"].notna() & (group["share"] > 0)]
        if group["models"].sum() < TOO_FEW or ranked.empty:
            few.append(NAMES[modality])
            continue
        first = ranked.iloc[0]
        share = book.quote(first, BY_COUNTRY, "share", "percent")
        led.setdefault(first["country"], []).append(sentence("{name} ({share})", name=NAMES[modality], share=share))
        if _within_bounds(group, ranked):
            doubtful.append(NAMES[modality])
    if not led:
        text = Markup("No modality has enough new models in this edition's data to say which country leads in it.")
        return Finding(name, "too-few", text, BY_COUNTRY)
    parts = [
        sentence("{country} in {names}", country=in_sentence(country), names=_list(names))
        for country, names in led.items()
    ]
    text = sentence(
        "{lens}, the first country by downloads of new models {window} is {parts}.",
        lens=_initial(LENS_WORDS[lens]),
        window=window(rows.iloc[0]),
        parts=Markup("; ").join(parts),
    )
    if doubtful:
        text += sentence(" In {names} the unattributed downloads could turn the order.", names=_list(doubtful))
    if few:
        text += sentence(" Too few models or downloads to say: {names}.", names=_list(few))
    return Finding(name, "known", text, BY_COUNTRY)


def video_leader(book: FactBook, lens: str = "publisher") -> Finding:
    """Who leads in models that make video.

    The condition is ``lead`` where :data:`COUNTRY` is first and ``reversed`` where another country is, each with
    ``-within-bounds`` where unattributed downloads could turn the order; ``tie``; ``unattributed`` where no country
    has any of the downloads; ``too-few`` models to say; ``no-data`` where none is new or none was downloaded.
    """
    rows = newest(book.results, VIDEO, lens=lens, task=ALL_VIDEO)
    name = f"video-leader-{lens}"
    if rows.empty:
        return Finding(name, "no-data", _no_video(book), VIDEO)
    whole = rows["models"].sum()
    if rows["share"].isna().all():
        text = Markup("The new models that make video have no downloads in this edition's data, so nobody leads.")
        return Finding(name, "no-data", text + _silent_on_video(book), VIDEO)
    if whole < TOO_FEW:
        text = sentence(
            "This edition's data hold fewer than {few} new models that make video, too few to say who leads: one "
            "release more or less would decide it.",
            few=TOO_FEW,
        )
        return Finding(name, "too-few", text + _silent_on_video(book), VIDEO)
    ranked = rows[rows["rank"].notna() & (rows["share"] > 0)]
    if ranked.empty:
        text = Markup("None of the downloads of new models that make video can be attributed to a country.")
        return Finding(name, "unattributed", text, VIDEO)
    first = ranked.iloc[0]
    unattributed = rows[rows["country"] == UNATTRIBUTED]
    facts = {
        "lens": LENS_WORDS[lens],
        "window": window(first),
        "first": in_sentence(first["country"]),
        "initial": _initial(in_sentence(first["country"])),
        "a": book.quote(first, VIDEO, "share", "percent"),
        "models": _models(book, first),
        "largest": book.quote(first, VIDEO, "largest_model_share", "percent"),
    }
    second = ranked.iloc[1] if len(ranked) > 1 else None
    if second is not None and first["share"] - second["share"] < TIE:
        condition = "tie"
        text = sentence(
            "<strong>{initial}</strong> and {second} are level in video generation: each has {a} of the downloads of "
            "new models that make video {window}, {lens}.",
            second=in_sentence(second["country"]),
            **facts,
        )
    else:
        condition = "lead" if first["country"] == COUNTRY else "reversed"
        if _within_bounds(rows, ranked):
            condition += "-within-bounds"
        if second is None:
            after = Markup("; no other country has any of them that the registry knows of")
        else:
            after = sentence(
                ", before {second} with {b}",
                second=in_sentence(second["country"]),
                b=book.quote(second, VIDEO, "share", "percent"),
            )
        text = sentence(
            "<strong>{initial}</strong> leads in video generation: its models took {a} of the downloads of new models "
            "that make video {window}, {lens}{after}. It has {models} of the kind; the most downloaded one took "
            "{largest} of its downloads.",
            after=after,
            **facts,
        )
    return Finding(name, condition, text + _bounds(book, condition, unattributed) + _selection(book), VIDEO)


def video_tasks(book: FactBook, lens: str = "publisher") -> Finding:
    """The leader of each task that makes video, with its number of models: ``known`` or ``no-data``."""
    parts = []
    for task in VIDEO_TASKS:
        rows = newest(book.results, VIDEO, lens=lens, task=task)
        ranked = rows[rows["rank"].notna() & (rows["share"] > 0)] if not rows.empty else rows
        if ranked.empty:
            continue
        first = ranked.iloc[0]
        parts.append(
            sentence(
                "{country} in {task} with {share} ({models})",
                task=task,
                country=in_sentence(first["country"]),
                share=book.quote(first, VIDEO, "share", "percent"),
                models=_models(book, first),
            )
        )
    if not parts:
        text = Markup("By task there is nothing to tell: no download of a new video model is attributed to a country.")
        return Finding(f"video-tasks-{lens}", "no-data", text, VIDEO)
    text = sentence("By task, the first attributed country is {parts}.", parts=_list(parts))
    return Finding(f"video-tasks-{lens}", "known", text, VIDEO)


def video_change(book: FactBook) -> Finding:
    """Video's share since the first date: ``rise``, ``fall``, ``level``, ``one-date``, ``none`` or ``no-data``."""
    rows = series(book.results, MODALITY, modality="video")
    rows = rows[rows["share"].notna()].sort_values("as_of") if not rows.empty else rows
    if rows.empty:
        return Finding("video-change", "no-data", NO_NEW_MODELS, MODALITY)
    first, last = rows.iloc[0], rows.iloc[-1]
    now = book.quote(last, MODALITY, "share", "percent")
    if not (rows["models"] > 0).any():
        text = Markup(
            "At no date of this edition is there a new model of the video group, so there is no trend to see."
        )
        return Finding("video-change", "none", text, MODALITY)
    if len(rows) == 1:
        text = sentence(
            "Video models have {now} of the downloads of new models. The archive holds one date with these figures, so "
            "there is no change to report yet; the history grows with every snapshot.",
            now=now,
        )
        return Finding("video-change", "one-date", text, MODALITY)
    difference = last["share"] - first["share"]
    condition = "level" if abs(difference) < LEVEL else "rise" if difference > 0 else "fall"
    verb = {"level": "has hardly moved", "rise": "has risen", "fall": "has fallen"}[condition]
    text = sentence(
        "The share of video models in the downloads of new models {verb} since {first}, from {a} to {now}; by number "
        "they were {before} of the new models then and are {count} now.",
        verb=verb,
        first=day(first["as_of"]),
        a=book.quote(first, MODALITY, "share", "percent"),
        now=now,
        before=book.quote(first, MODALITY, "models_share", "percent"),
        count=book.quote(last, MODALITY, "models_share", "percent"),
    )
    return Finding("video-change", condition, text, MODALITY)


def _no_video(book: FactBook) -> Markup:
    rows = newest(book.results, MODALITY)
    if rows.empty:
        return Markup("There are no new models in this edition's data, so nobody leads in video generation.")
    whole = rows[rows["modality"] == ALL].iloc[0]
    text = sentence(
        "None of the {models} new models in this edition's data makes video, so nothing can be said of who leads in "
        "video generation.",
        models=book.quote(whole, MODALITY, "models", "count"),
    )
    return text + _silent_on_video(book)


def _silent_on_video(book: FactBook) -> Markup:
    if not book.results.source.selection:
        return Markup("")
    return Markup(
        " The data are a selection of the Hub's models, and this selection cannot speak of video: that video models "
        "are missing here does not mean that there are none."
    )


def _selection(book: FactBook) -> Markup:
    return SELECTION if book.results.source.selection else Markup("")


def _models(book: FactBook, row: pd.Series) -> Markup:
    return sentence(
        "{count} {noun}",
        count=book.quote(row, VIDEO, "models", "count"),
        noun="model" if row["models"] == 1 else "models",
    )


def _certainty(margin: float, rest: float) -> str:
    return "lead" if margin > max(rest, 0.0) else "lead-within-bounds"


def _within_bounds(rows: pd.DataFrame, ranked: pd.DataFrame) -> bool:
    """Whether the second, or a country without any so far, would be first with all unattributed downloads."""
    rest = rows.loc[rows["country"] == UNATTRIBUTED, "share"].sum()
    second = ranked["share"].iloc[1] if len(ranked) > 1 else 0.0
    return bool(ranked["share"].iloc[0] - second <= max(rest, 0.0))


def _bounds(book: FactBook, condition: str, unattributed: pd.DataFrame) -> Markup:
    if unattributed.empty:
        return Markup(" Every one of these downloads is attributed to a country or an international body.")
    rest = book.quote(unattributed.iloc[0], VIDEO, "share", "percent")
    if condition == "tie":
        return sentence(" {rest} of these downloads could not be attributed to any country.", rest=rest)
    if condition.endswith("within-bounds"):
        return sentence(
            " The {rest} of these downloads that could not be attributed to any country could turn the order.",
            rest=rest,
        )
    return sentence(
        " The order stands even if all of the {rest} that could not be attributed to any country were one other "
        "country's.",
        rest=rest,
    )


def _list(parts: list[Markup] | list[str]) -> Markup:
    if len(parts) == 1:
        return Markup("{}").format(parts[0])
    return Markup(", ").join(parts[:-1]) + " and " + parts[-1]


def _initial(text: str) -> str:
    return text[0].upper() + text[1:]
