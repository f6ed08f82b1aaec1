"""Where one country or organisation stands."""

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.wording import window

LENSES = ("publisher", "origin")

Rows = Mapping[str, pd.Series | None]
"""The row of the country or organisation at the newest report date under each lens, if there is one."""


def standing(book: FactBook, metric: str, rows: Rows, name: str, of: str) -> Finding:
    """Share and rank under both lenses.

    Conditions: ``built-upon`` (the origin lens gives more), ``builds-on-others`` (the publisher lens does),
    ``level``, ``publisher-only``, ``origin-only`` or ``no-data``.

    Args:
        book: where the numbers are quoted.
        metric: the table that the rows are from.
        rows: a row with share and rank, or none, for each lens.
        name: as it stands at the start of a sentence.
        of: what the shares are of, "all downloads" say.
    """
    known: dict[str, pd.Series] = {}
    for lens in LENSES:
        row = rows.get(lens)
        if row is not None and _has_share(row):
            known[lens] = row
    if not known:
        text = sentence("This edition's data hold nothing of {name} among {of}.", name=name, of=of)
        return Finding("standing", "no-data", text, metric)
    parts = {lens: _part(book, metric, row) for lens, row in known.items()}
    first = next(iter(known.values()))
    opening = sentence("{name} holds ", name=name)
    if len(known) == 1:
        lens = next(iter(known))
        text = opening + sentence(
            {
                "publisher": "{part} of {of} {window}, counted by who published a model; as the developer of the "
                "model at the root of a lineage it is not in the table.",
                "origin": "{part} of {of} {window}, counted by who developed the model at the root of its lineage; as "
                "a publisher it is not in the table.",
            }[lens],
            part=parts[lens],
            of=of,
            window=window(first),
        )
        return Finding("standing", f"{lens}-only", text, metric)
    condition, meaning = _compared(known["publisher"]["share"], known["origin"]["share"])
    text = opening + sentence(
        "{published} of {of} {window}, counted by who published a model, and {developed}, counted by who developed "
        "the model at the root of its lineage{meaning}.",
        published=parts["publisher"],
        developed=parts["origin"],
        of=of,
        window=window(first),
        meaning=meaning,
    )
    return Finding("standing", condition, text, metric)


def _has_share(row: pd.Series) -> bool:
    return bool(pd.Series([row["share"]]).notna().all())


def _part(book: FactBook, metric: str, row: pd.Series) -> Markup:
    share = book.quote(row, metric, "share", "percent")
    if pd.isna(row["rank"]):
        return sentence("{share}", share=share)
    return sentence("{share} (rank {rank})", share=share, rank=book.quote(row, metric, "rank", "count"))


def _compared(published: float, developed: float) -> tuple[str, str]:
    # What rounds to the same printed figure is no difference to speak of.
    if round(published, 3) == round(developed, 3):
        return "level", ""
    if developed > published:
        return "built-upon", ": others' copies and derivatives of its models add to its own"
    return "builds-on-others", ": part of what it publishes goes back to others' models, or to no single developer"
