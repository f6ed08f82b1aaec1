"""Who is built upon: countries, families and single models, and how far the chains reach."""

import pandas as pd
from markupsafe import Markup

from generator.attribution import UNATTRIBUTED
from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.metrics.top_families import UNASSIGNED
from generator.results import Results
from generator.wording import day, in_sentence

BY_ORIGIN = "derivatives-by-origin"
BY_FAMILY = "derivatives-by-family"
MOST_BUILT_UPON = "most-built-upon"
LINEAGES = "lineages"

ENOUGH = 30
"""With fewer derivatives in a window, one uploader's afternoon decides who leads."""

NO_DERIVATIVES = Markup("No model in this edition's data names a base model, so nothing can be said of derivatives.")


def whole_windows(results: Results, metric: str, window_months: int) -> pd.DataFrame:
    """The rows of a table of new derivatives whose window is wholly in the data, in order of time and rank."""
    table = results.tables[metric]
    rows: pd.DataFrame = table[table["complete"].astype(bool) & (table["window_months"] == window_months)]
    return rows


def built_upon(book: FactBook, window_months: int) -> Finding:
    """Whose models the newest derivatives descend from.

    Conditions: ``lead``; ``lead-within-bounds`` (the unattributed could turn it); ``tie``; ``one-country``;
    ``unattributed`` (no country is known); ``too-few``; ``no-data``.
    """
    name = "built-upon-month" if window_months == 1 else "built-upon-year"
    rows = whole_windows(book.results, BY_ORIGIN, window_months)
    if rows.empty:
        text = Markup("The data hold no derivative from a whole {}.").format(
            "month" if window_months == 1 else "year of twelve months"
        )
        return Finding(name, "no-data", text, BY_ORIGIN)
    now = rows[rows["month"] == rows["month"].max()]
    window = _window(now.iloc[0])
    total = book.quote(now.iloc[0], BY_ORIGIN, "total", "count")
    if now["total"].iloc[0] < ENOUGH:
        return _too_few(name, BY_ORIGIN, total, window)
    ranked = now[now["rank"].notna()].sort_values("rank")
    loose = now[now["country"] == UNATTRIBUTED]
    rest = book.quote(loose.iloc[0], BY_ORIGIN, "share", "percent") if len(loose) else "none"
    if ranked.empty:
        text = sentence(
            "None of the {total} derivatives created {window} descends from models of a country that the registry "
            "knows.",
            total=total,
            window=window,
        )
        return Finding(name, "unattributed", text, BY_ORIGIN)
    first = ranked.iloc[0]
    facts = {
        "total": total,
        "window": window,
        "first": in_sentence(first["country"]),
        "a": book.quote(first, BY_ORIGIN, "share", "percent"),
        "rest": rest,
    }
    opening = "Of the {total} derivatives created {window}, {a} descend from models of {first}"
    if len(ranked) == 1:
        text = sentence(opening + ", the only country that can be named; {rest} are unattributed.", **facts)
        return Finding(name, "one-country", text, BY_ORIGIN)
    second = ranked.iloc[1]
    facts |= {"second": in_sentence(second["country"]), "b": book.quote(second, BY_ORIGIN, "share", "percent")}
    if first["derivatives"] == second["derivatives"]:
        text = sentence(opening + " and as many, {b}, from those of {second}; {rest} are unattributed.", **facts)
        return Finding(name, "tie", text, BY_ORIGIN)
    opening = opening.replace("{first}", "<strong>{first}</strong>") + " and {b} from those of {second}; "
    if len(loose) and first["derivatives"] <= second["derivatives"] + loose["derivatives"].iloc[0]:
        text = sentence(opening + "{rest} are unattributed, enough to turn the order.", **facts)
        return Finding(name, "lead-within-bounds", text, BY_ORIGIN)
    return Finding(name, "lead", sentence(opening + "{rest} are unattributed.", **facts), BY_ORIGIN)


def leading_family(book: FactBook) -> Finding:
    """The family most built upon and its share in the first year that can be told.

    Conditions: ``grew``, ``shrank``, ``steady`` (as printed); ``new`` (it had none then); ``one-year``;
    ``unassigned`` (no family is known); ``too-few``; ``no-data``.
    """
    rows = whole_windows(book.results, BY_FAMILY, 12)
    if rows.empty:
        text = Markup("The data hold no derivative from a whole year of twelve months.")
        return Finding("leading-family", "no-data", text, BY_FAMILY)
    now = rows[rows["month"] == rows["month"].max()]
    if now["total"].iloc[0] < ENOUGH:
        total = book.quote(now.iloc[0], BY_FAMILY, "total", "count")
        return _too_few("leading-family", BY_FAMILY, total, _window(now.iloc[0]))
    ranked = now[now["rank"] == 1]
    if ranked.empty:
        text = sentence("No derivative created {window} belongs to a family that the rules know.",
                        window=_window(now.iloc[0]))  # fmt: skip
        return Finding("leading-family", "unassigned", text, BY_FAMILY)
    last = ranked.iloc[0]
    share = book.quote(last, BY_FAMILY, "share", "percent")
    facts = {
        "family": Markup("<strong>{}</strong>").format(last["family"]),
        "now": share,
        "window": _window(last),
    }
    opening = "The family most built upon {window} is {family}, with {now} of the new derivatives"
    earlier = rows[(rows["total"] >= ENOUGH) & (rows["month"] < last["month"])]
    if earlier.empty:
        return Finding("leading-family", "one-year", sentence(opening + ".", **facts), BY_FAMILY)
    began = earlier[earlier["month"] == earlier["month"].min()]
    then = _window(began.iloc[0])
    same = began[began["family"] == last["family"]]
    if same.empty:
        text = sentence(opening + "; {then}, the first with enough of them, it had none.", then=then, **facts)
        return Finding("leading-family", "new", text, BY_FAMILY)
    before = book.quote(same.iloc[0], BY_FAMILY, "share", "percent")
    if before.text == share.text:
        condition, words = "steady", "as many as {then}, the first with enough of them"
    elif same["share"].iloc[0] < last["share"]:
        condition, words = "grew", "up from {before} {then}, the first with enough of them"
    else:
        condition, words = "shrank", "down from {before} {then}, the first with enough of them"
    text = sentence(opening + ", " + words + ".", before=before, then=then, **facts)
    return Finding("leading-family", condition, text, BY_FAMILY)


def most_built_upon(book: FactBook) -> Finding:
    """The model with the most descendants: ``lead``, ``tie`` or ``no-data``."""
    rows = book.results.tables[MOST_BUILT_UPON].sort_values("rank")
    if rows.empty:
        return Finding("most-built-upon", "no-data", NO_DERIVATIVES, MOST_BUILT_UPON)
    first = rows.iloc[0]
    level = rows[rows["derivatives"] == first["derivatives"]]
    if len(level) > 1:
        text = sentence(
            "No single model is built upon most: {n} derivatives descend from each of {a} and {b}{more}.",
            n=book.quote(first, MOST_BUILT_UPON, "derivatives", "count"),
            a=first["root_id"],
            b=level.iloc[1]["root_id"],
            more=" and of others" if len(level) > 2 else "",
        )
        return Finding("most-built-upon", "tie", text, MOST_BUILT_UPON)
    text = sentence(
        "The model most built upon is <strong>{name}</strong> by {maker}: on {day} {n} models descend from it, "
        "{direct} of them directly and the others over up to {depth} steps.",
        name=first["root_id"],
        maker=first["organisation"],
        day=day(first["as_of"]),
        n=book.quote(first, MOST_BUILT_UPON, "derivatives", "count"),
        direct=book.quote(first, MOST_BUILT_UPON, "direct", "count"),
        depth=book.quote(first, MOST_BUILT_UPON, "depth", "count"),
    )
    if first["direct"] == first["derivatives"]:
        text = sentence(
            "The model most built upon is <strong>{name}</strong> by {maker}: on {day} {n} models name it as their "
            "base.",
            name=first["root_id"],
            maker=first["organisation"],
            day=day(first["as_of"]),
            n=book.quote(first, MOST_BUILT_UPON, "derivatives", "count"),
        )
    return Finding("most-built-upon", "lead", text, MOST_BUILT_UPON)


def longest_chain(book: FactBook) -> Finding:
    """The family in which derivatives follow upon derivatives farthest.

    Conditions: ``lead``, ``tie``, ``flat``, ``unassigned`` or ``no-data``.
    """
    rows = book.results.tables[LINEAGES]
    rows = rows[rows["max_depth"].notna()]
    if rows.empty:
        return Finding("longest-chain", "no-data", NO_DERIVATIVES, LINEAGES)
    longest = rows[rows["max_depth"] == rows["max_depth"].max()]
    first = longest.iloc[0]
    steps = book.quote(first, LINEAGES, "max_depth", "count")
    if first["max_depth"] == 1:
        text = Markup("No derivative here builds upon another derivative: every chain has a single step.")
        return Finding("longest-chain", "flat", text, LINEAGES)
    if len(longest) > 1:
        text = sentence(
            "The longest chains, of {steps} steps from a root to a derivative of derivatives, are in several families, "
            "{family} among them.",
            steps=steps,
            family=_family(longest),
        )
        return Finding("longest-chain", "tie", text, LINEAGES)
    facts = {"steps": steps, "typical": book.quote(first, LINEAGES, "median_depth", "decimal")}
    opening = "The longest chain, of {steps} steps from a root to a derivative of derivatives, ends "
    if first["family"] == UNASSIGNED:
        text = sentence(opening + "in a model of no known family", **facts)
        named = rows[rows["family"] != UNASSIGNED].sort_values(["max_depth", "family"], ascending=[False, True])
        if len(named):
            text += sentence(
                "; within the known families {family} has the longest, of {most} steps",
                family=named.iloc[0]["family"],
                most=book.quote(named.iloc[0], LINEAGES, "max_depth", "count"),
            )
        return Finding("longest-chain", "unassigned", text + ".", LINEAGES)
    closing = "in the family {family}, whose median derivative stands {typical} steps from its root."
    return Finding("longest-chain", "lead", sentence(opening + closing, family=first["family"], **facts), LINEAGES)


def family_in_brief(book: FactBook, row: pd.Series) -> Finding:
    """One family's size and who carries it on: ``known``, or ``single`` where one publisher made it all."""
    facts = {
        "family": Markup("<strong>{}</strong>").format(row["family"]),
        "day": day(row["as_of"]),
        "models": book.quote(row, LINEAGES, "models", "count"),
        "derivatives": book.quote(row, LINEAGES, "derivatives", "count"),
        "share": book.quote(row, LINEAGES, "share", "percent"),
        "rank": book.quote(row, LINEAGES, "rank", "count"),
        "publishers": book.quote(row, LINEAGES, "publishers", "count"),
        "countries": book.quote(row, LINEAGES, "countries", "count"),
    }
    opening = (
        "On {day} the family {family} has {models} models. Of these, {derivatives} name a base model: {share} of all "
        "derivatives, which is rank {rank}. "
    )
    if row["publishers"] == 1:
        return Finding("family", "single", sentence(opening + "One publisher made them all.", **facts), LINEAGES)
    closing = "They come from {publishers} publishers; countries among these, as far as is known: {countries}."
    return Finding("family", "known", sentence(opening + closing, **facts), LINEAGES)


def selected(results: Results) -> Finding | None:
    """That models chosen by their downloads cannot carry this chapter: ``selection``; nothing for a simulation."""
    if results.source.simulated:
        return None
    text = Markup(
        "Most derivatives are rarely downloaded, and a selection of much-downloaded models leaves nearly all of them "
        "out. What follows speaks of the derivatives among these models; it does not tell how many the world "
        "makes, nor whose models it builds upon most."
    )
    return Finding("selected", "selection", text, BY_ORIGIN)


def _family(rows: pd.DataFrame) -> str:
    named = rows[rows["family"] != UNASSIGNED]
    return str((named if len(named) else rows)["family"].iloc[0])


def _too_few(name: str, metric: str, total: object, window: str) -> Finding:
    text = sentence(
        "Too few derivatives created {window} are in the data ({total}) to say whose models are built upon most.",
        total=total,
        window=window,
    )
    return Finding(name, "too-few", text, metric)


def _window(row: pd.Series) -> str:
    """The window of a row as it stands in a sentence."""
    month = f"{row['month']:%B %Y}"
    return f"in {month}" if row["window_months"] == 1 else f"in the twelve months to {month}"
