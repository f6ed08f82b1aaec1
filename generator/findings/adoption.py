"""Which models do well for their size and age."""

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.wording import day, in_sentence

ADOPTION = "relative-adoption"


def rated(book: FactBook) -> pd.DataFrame:
    """The rows of the newest report date that have a value, highest first."""
    rows = _now(book)
    return rows[rows["relative_adoption"].notna()].sort_values("rank")


def highest(book: FactBook) -> Finding:
    """The model of the highest relative adoption: ``above``, ``below``, ``few-models`` or ``no-data``."""
    rows = rated(book)
    if rows.empty:
        if _now(book).empty:
            text = Markup("No model in this edition's data has a known size, a counter and an age that is compared.")
            return Finding("relative-adoption", "no-data", text, ADOPTION)
        text = Markup("No size class has models enough of one age, so no relative adoption is given.")
        return Finding("relative-adoption", "few-models", text, ADOPTION)
    row = rows.iloc[0]
    text = sentence(
        "For its size and age, the most downloaded model on {date} is <strong>{model}</strong> ({organisation}): at "
        "{age} days it has {value} times the downloads of the median of the ten most downloaded models of its class "
        "({size}).",
        date=day(row["as_of"]),
        model=row["model_id"],
        organisation=row["organisation"],
        age=book.quote(row, ADOPTION, "age_days", "count"),
        value=book.quote(row, ADOPTION, "relative_adoption", "decimal"),
        size=row["size_class"],
    )
    if row["relative_adoption"] > 1:
        return Finding("relative-adoption", "above", text, ADOPTION)
    text += " No model of the newest date is ahead of that median."
    return Finding("relative-adoption", "below", text, ADOPTION)


def highest_of(book: FactBook, country: str) -> Finding:
    """The same within one country: ``above``, ``below`` or ``no-data``."""
    rows = rated(book)
    rows = rows[rows["country"] == country]
    name = f"relative-adoption-{country}"
    if rows.empty:
        text = sentence("No model from {country} has a relative adoption here.", country=in_sentence(country))
        return Finding(name, "no-data", text, ADOPTION)
    row = rows.iloc[0]
    text = sentence(
        "Of the models from {country}, {model} stands highest with {value} ({size}, {age} days old).",
        country=in_sentence(country),
        model=row["model_id"],
        value=book.quote(row, ADOPTION, "relative_adoption", "decimal"),
        size=row["size_class"],
        age=book.quote(row, ADOPTION, "age_days", "count"),
    )
    return Finding(name, "above" if row["relative_adoption"] > 1 else "below", text, ADOPTION)


def basis(book: FactBook) -> Finding:
    """What the comparison rests on: ``simulated``, ``selection``, ``one-date`` or ``several-dates``."""
    results = book.results
    if results.source.simulated:
        text = Markup("The models compared are simulated ones; their names say so.")
        return Finding("adoption-basis", "simulated", text, ADOPTION)
    if results.source.selection:
        text = Markup(
            "The ten of each class are the most downloaded of this selection, not of the Hub: where the selection "
            "leaves out leading models the median is too low, and a class of which it holds few has no value."
        )
        return Finding("adoption-basis", "selection", text, ADOPTION)
    if len(results.report_dates) == 1:
        text = Markup(
            "The archive holds one date, so a model is compared with others that have its age on that day; as the "
            "archive grows, earlier models join the comparison as they were at the same age."
        )
        return Finding("adoption-basis", "one-date", text, ADOPTION)
    text = sentence(
        "Each model is compared with all that the archive saw at its age since {first}.",
        first=day(results.report_dates[0]),
    )
    return Finding("adoption-basis", "several-dates", text, ADOPTION)


def _now(book: FactBook) -> pd.DataFrame:
    table = book.results.tables[ADOPTION]
    rows: pd.DataFrame = table[table["as_of"] == book.results.as_of]
    return rows
