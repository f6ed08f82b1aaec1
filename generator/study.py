"""Our figures and our registry beside those of the MIT / Hugging Face study, computed from the study's own data.

Everything here is computed from the study's file alone; nothing of it goes into the archive or into a metric.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
from babel import Locale

from generator.atomic import writing
from generator.attribution import UNATTRIBUTED, registry
from generator.attribution.registry import INTERNATIONAL
from generator.references import PublishedFigure, published_figures
from generator.sources.study import LABELS
from generator.windows import FIRST_YEAR_DAYS, OPENING_TOLERANCE_DAYS

STUDY = "MIT / Hugging Face study (2025)"
YEAR = 12
PUBLISHER_LABEL = "org_country_single"
"""The study's country of the namespace that uploaded a model, which is what our registry says too."""

LISTED = 20
"""How many of the largest disagreements are printed; the CSV has all."""

ALIASES = {
    **dict.fromkeys(("usa", "united states of america", "us"), "US"),
    **dict.fromkeys(("uk", "great britain", "england"), "GB"),
    **dict.fromkeys(("korea", "republic of korea", "korea, south", "korea (south)"), "KR"),
    **dict.fromkeys(("turkey",), "TR"),
    **dict.fromkeys(("hong kong",), "HK"),
    **dict.fromkeys(("macau", "macao"), "MO"),
    **dict.fromkeys(("czech republic",), "CZ"),
    **dict.fromkeys(("uae",), "AE"),
    **dict.fromkeys(("the netherlands",), "NL"),
    **dict.fromkeys(("russian federation",), "RU"),
    **dict.fromkeys(("viet nam",), "VN"),
    **dict.fromkeys(("people's republic of china", "prc", "mainland china"), "CN"),
    **dict.fromkeys(("international/online", "international", "online", "international / online"), INTERNATIONAL),
    **dict.fromkeys(("unknown", "none", "nan", "n/a", "unidentified"), UNATTRIBUTED),
}
"""Names of countries as people write them, beside those of the Unicode locale data."""


@dataclass(frozen=True)
class Comparison:
    """What the study's data say beside what was published and what our registry says.

    ``shares``: reading, label (the study's column), country, downloads, share, published and miss (share minus
    published; null where nothing was published), start and end of the window; shares sum to 1 for each reading and
    label.

    ``authors``: author, theirs, ours (country codes), downloads (all-time, of the author's models on the last day),
    models, verdict (``agree`` | ``disagree`` | ``only theirs`` | ``only ours`` | ``neither``), in order of downloads.

    ``unread``: the study's labels that are no country known here, with their downloads.

    ``notes``: what the data cannot answer, each one sentence.
    """

    first_day: date
    last_day: date
    days: int
    models: int
    shares: pd.DataFrame
    authors: pd.DataFrame
    unread: dict[str, int]
    notes: tuple[str, ...]


def compare(study: duckdb.DuckDBPyConnection) -> Comparison:
    """Compute both readings and compare the registries.

    Args:
        study: the study's data, from :func:`generator.sources.study.load`.
    """
    first_day, last_day, days, models = study.execute(
        "select min(day), max(day), count(distinct day), count(distinct model) from study"
    ).fetchall()[0]
    names = _names()
    figures = [figure for figure in published_figures() if figure.study == STUDY]
    notes: list[str] = []
    shares = _shares(study, figures, first_day, names, notes)
    authors = _authors(study, last_day, names)
    found = {text: downloads for label in LABELS for text, downloads in _labels(study, label)}
    unread = {text: downloads for text, downloads in found.items() if _code(text, names) is None}
    return Comparison(first_day, last_day, days, models, shares, authors, unread, tuple(notes))


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the tables as CSV.

    Raises:
        ReportError: the folder cannot be written.
    """
    tables = {"study-shares.csv": comparison.shares, "study-registry.csv": comparison.authors}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            staged = folder / f".{name}"
            table.to_csv(staged, index=False, lineterminator="\n")
            staged.replace(folder / name)
    return [folder / name for name in tables]


def text(comparison: Comparison) -> str:
    """The comparison for people to read."""
    lines = [
        f"The study's data: {comparison.models:,} models on {comparison.days} days from {comparison.first_day} to "
        f"{comparison.last_day}.",
        "",
        *comparison.notes,
        "",
    ]
    shares = comparison.shares
    if not shares.empty:
        lines += ["Shares of new-model downloads in the study's data, beside what the study published:", ""]
        lines.append(
            f"{'reading':<12}{'from':<12}{'to':<12}{'by':<32}{'country':<9}{'share':>8}{'published':>11}{'miss':>9}"
        )
        for row in shares[shares["published"].notna()].to_dict("records"):
            lines.append(
                f"{row['reading']:<12}{row['start']!s:<12}{row['end']!s:<12}{row['label']:<32}{row['country']:<9}"
                f"{row['share']:>8.2%}{row['published']:>11.2%}{100 * row['miss']:>+6.2f} pp"
            )
        lines.append("")
    authors = comparison.authors
    total = authors["downloads"].sum()
    lines += ["Country of each author, theirs and ours (by the publisher, all-time downloads on the last day):", ""]
    lines.append(f"{'verdict':<14}{'authors':>10}{'downloads':>18}{'share':>9}")
    for verdict in ("agree", "disagree", "only theirs", "only ours", "neither"):
        rows = authors[authors["verdict"] == verdict]
        share = rows["downloads"].sum() / total if total else 0.0
        lines.append(f"{verdict:<14}{len(rows):>10,}{rows['downloads'].sum():>18,}{share:>9.2%}")
    both = authors[authors["verdict"].isin(["agree", "disagree"])]
    if len(both):
        agreeing = both[both["verdict"] == "agree"]
        lines.append(
            f"Where both name a country: {len(agreeing) / len(both):.1%} of authors agree, with "
            f"{agreeing['downloads'].sum() / max(both['downloads'].sum(), 1):.1%} of their downloads."
        )
    disagreements = authors[authors["verdict"] == "disagree"].head(LISTED)
    if len(disagreements):
        lines += ["", "The largest disagreements:", "", f"{'author':<40}{'theirs':<15}{'ours':<15}{'downloads':>16}"]
        lines += [
            f"{row.author:<40}{row.theirs:<15}{row.ours:<15}{row.downloads:>16,}" for row in disagreements.itertuples()
        ]
    if comparison.unread:
        largest = sorted(comparison.unread.items(), key=lambda item: -item[1])[:LISTED]
        named = ", ".join(f"'{label}' ({downloads:,} downloads)" for label, downloads in largest)
        lines += ["", f"Labels of the study that are no country known here, kept as they are: {named}."]
    return "\n".join(lines)


# --- Shares ---------------------------------------------------------------------------------------


def _shares(
    study: duckdb.DuckDBPyConnection,
    figures: list[PublishedFigure],
    first_day: date,
    names: dict[str, str],
    notes: list[str],
) -> pd.DataFrame:
    """Both readings for the year to the published figures' end, as far as the data's dates allow."""
    end = max(figure.period_end for figure in figures)
    closing = study.execute("select max(day) from study where day <= ?", [end]).fetchall()[0][0]
    columns = ["reading", "label", "country", "downloads", "share", "published", "miss", "start", "end"]
    if closing is None or (end - closing).days > OPENING_TOLERANCE_DAYS[1]:
        notes.append(
            f"No day of the file lies within {OPENING_TOLERANCE_DAYS[1]} days before {end}, so neither reading of "
            f"the year to that day can be computed from it; its nearest day before is {closing or 'none'}."
        )
        return pd.DataFrame(columns=columns)
    exact = (pd.Timestamp(end) - pd.offsets.MonthEnd(YEAR)).date()
    opening = study.execute("select day from study order by abs(day - ?::date) limit 1", [exact]).fetchall()[0][0]
    whole = abs((opening - exact).days) <= OPENING_TOLERANCE_DAYS[YEAR]
    start = opening if whole else first_day
    if not whole:
        notes.append(
            f"The file begins on {first_day}, so the differences of a full year to {end}, which would begin on "
            f"{exact}, are not in it: the first-year reading covers {start} to {closing} only and is no replication. "
            "The cohort reading needs no more than the counters at the end and is whole."
        )
    study.execute(
        """
        create or replace temp table flows as
        select *, downloads - coalesce(before, 0) as flow, coalesce(opened_day, created) as opened
        from (
            select *, lag(downloads) over by_model as before, lag(day) over by_model as opened_day
            from study where day <= ?
            window by_model as (partition by model order by day)
        )
        """,
        [closing],
    )
    year_before = closing - timedelta(days=FIRST_YEAR_DAYS)
    # A model that vanished before the end keeps its last counter, as in our own cohort.
    cohort = "created > $start and created <= $end"
    first_year = (
        f"opened >= $start and (opened - created) + (day - created) <= {2 * FIRST_YEAR_DAYS} and created <= day"
    )
    published = {figure.country: figure.precise for figure in figures}
    tables = []
    for reading, condition, since in (("cohort", cohort, year_before), ("first-year", first_year, start)):
        for label in LABELS:
            summed = study.execute(
                f"select {label} as label, sum(flow)::bigint as downloads from flows where {condition} group by 1",
                {"start": since, "end": closing} if "$end" in condition else {"start": since},
            ).df()
            summed["country"] = [_code(name, names) or name for name in summed.pop("label")]
            table = summed.groupby("country", as_index=False)["downloads"].sum()
            total = table["downloads"].sum()
            table = table.assign(share=table["downloads"] / total if total > 0 else float("nan"))
            if (absent := set(published) - set(table["country"])) and total > 0:
                none = pd.DataFrame({"country": sorted(absent), "downloads": 0, "share": 0.0})
                table = pd.concat([table, none])
            table = table.assign(
                reading=reading, label=label, published=table["country"].map(published), start=since, end=closing
            )
            table["miss"] = table["share"] - table["published"]
            tables.append(table.sort_values(["downloads", "country"], ascending=[False, True])[columns])
    combined: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return combined


# --- Registries -----------------------------------------------------------------------------------


def _authors(study: duckdb.DuckDBPyConnection, last_day: date, names: dict[str, str]) -> pd.DataFrame:
    """Each author's country in the study and in our registry, as of the last day."""
    rows = study.execute(
        f"""
        select author, mode({PUBLISHER_LABEL}) as label, sum(downloads)::bigint as downloads, count(*) as models
        from study where day = ? and author is not null group by author
        """,
        [last_day],
    ).df()
    known = registry.frame(registry.load())
    moment = pd.Timestamp(last_day)
    known = known[(known["valid_from"] <= moment) & (moment < known["valid_until"])]
    ours = {str(row.namespace).lower(): str(row.country) for row in known.itertuples()}
    rows["theirs"] = [_code(label, names) or label for label in rows["label"]]
    rows["ours"] = [ours.get(author.lower(), UNATTRIBUTED) for author in rows["author"]]
    rows["verdict"] = [_verdict(theirs, our) for theirs, our in zip(rows["theirs"], rows["ours"], strict=True)]
    rows = rows.sort_values(["downloads", "author"], ascending=[False, True], ignore_index=True)
    chosen: pd.DataFrame = rows[["author", "theirs", "ours", "downloads", "models", "verdict"]]
    return chosen


def _verdict(theirs: str, ours: str) -> str:
    if UNATTRIBUTED in (theirs, ours):
        if theirs == ours:
            return "neither"
        return "only ours" if theirs == UNATTRIBUTED else "only theirs"
    return "agree" if theirs == ours else "disagree"


def _labels(study: duckdb.DuckDBPyConnection, label: str) -> list[tuple[str, int]]:
    """The values of a column with the downloads of all time of the models that bear them."""
    return study.execute(
        f"""
        select label, sum(downloads)::bigint
        from (select {label} as label, model, max(downloads) as downloads from study group by 1, 2)
        where label is not null group by 1
        """
    ).fetchall()


def _names() -> dict[str, str]:
    """Codes of countries by their names, their codes among them, all in lower case."""
    english = {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}
    return {**{name.lower(): code for code, name in english.items()}, **{c.lower(): c for c in english}, **ALIASES}


def _code(label: object, names: dict[str, str]) -> str | None:
    """The code of the country that a label of the study names, None where it names none known here."""
    return names.get(label.strip().lower()) if isinstance(label, str) else UNATTRIBUTED
