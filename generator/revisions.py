"""Revisions: figures of a past report date that a later run gives otherwise, each with its cause.

Beside the snapshots the archive keeps, for every report date, the figures as last published and what they were made
from, ``published/<YYYY-MM-DD>/figures.parquet`` and ``inputs.json``, and one register for all, ``revisions.csv``, to
which rows are added and in which none is changed.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from generator import __version__
from generator.archive import Manifest
from generator.atomic import swap, writing
from generator.clock import moment
from generator.errors import ReportError
from generator.facts import NUMBERED_KEYS
from generator.results import Results
from generator.software import digest

REGISTER = "revisions.csv"
PUBLISHED = "published"
FIGURES = "figures.parquet"
INPUTS = "inputs.json"

COLUMNS = ("revised_on", "as_of", "metric", "row", "column", "old", "new", "cause")
CELL = ["as_of", "metric", "row", "column"]
"""What tells one figure from all others."""

WORDS = dict.fromkeys(("metric", "row", "column"), "object")
"""The types of these columns: read back from a file they would have another."""

SHARE_THRESHOLD = 0.0005
"""Half of the last digit that pages print of a share (0.1%): a smaller change is rounding, not a revision."""

RANKS_WATCHED = 20
"""Below this rank places are exchanged by a handful of downloads."""

INDICES = ("margin", "hhi", "gini", "rank")

MOVED = "report-date"
"""In the place of a metric's id: the whole report date has given way to another of its month."""

DEFINING = ("*.py", "metrics/*.py", "attribution/*.py", "traits/*.py")
TABLES = {
    "registry": ("attribution/organisations.csv",),
    "classification tables": ("attribution/families.csv", "traits/*.csv", "references/*.csv"),
}

Inputs = Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """This run's figures against those last published.

    ``figures`` are what counts as published from now on, ``inputs`` what they were made from, ``found`` the new rows
    of the register, ``register`` all of it with them.
    """

    figures: pd.DataFrame
    inputs: Inputs
    found: pd.DataFrame
    register: pd.DataFrame


def read(archive: Path) -> pd.DataFrame:
    """The register of revisions, oldest first.

    Returns:
        revised_on and as_of (dates), metric (its id, or ``report-date``), row (which row of its table, as
        ``lens=origin, country=CN``), column, old and new (numbers; missing where there was or is no such row),
        cause; no rows where nothing was revised yet.

    Raises:
        ReportError: the file is there and no register.

    Example:
        >>> read(Path("archive")).groupby("cause").size()  # doctest: +SKIP
    """
    path = archive / REGISTER
    if not path.exists():
        return _empty()
    try:
        found = pd.read_csv(path, dtype={name: "string" for name in COLUMNS if name not in ("old", "new")})
        if tuple(found.columns) != COLUMNS:
            raise ValueError(f"its columns are {', '.join(map(str, found.columns))}")
        for name in ("revised_on", "as_of"):
            found[name] = [date.fromisoformat(text) for text in found[name]]
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ReportError(f"{path}: is no register of revisions ({reason}); restore it from a copy.") from None
    words = ["metric", "row", "column", "cause"]
    return found.astype(dict.fromkeys(words, "object") | {"old": "float64", "new": "float64"}).fillna(
        dict.fromkeys(words, "")
    )


def published_dates(archive: Path) -> list[date]:
    """The report dates for which figures are kept as published, in order."""
    return [date.fromisoformat(path.parent.name) for path in sorted((archive / PUBLISHED).glob(f"*/{FIGURES}"))]


def compare(archive: Path, results: Results, manifests: Sequence[Manifest], today: date | None = None) -> Comparison:
    """Hold a run's figures against those last published from an archive; nothing is written.

    Args:
        archive: the archive's folder.
        results: the run's tables.
        manifests: of the snapshots behind them.
        today: the date of the revision, today's (or that of SOURCE_DATE_EPOCH) by default.

    Raises:
        ReportError: the register or the published figures cannot be read.
    """
    now = figures(results)
    inputs = inputs_of(manifests)
    register = read(archive)
    before, made_from = _published(archive)
    found = _moved(before, results, made_from, inputs)
    changed, kept = _changed(before, now)
    changed["cause"] = [_cause(made_from.get(day, {}), inputs) for day in changed["as_of"]]
    found = pd.concat([found, changed], ignore_index=True)
    found.insert(0, "revised_on", today or moment().date())
    # After an interruption between the register and the figures the same would be found again.
    found = _not_yet(found, register)[list(COLUMNS)]
    return Comparison(kept, inputs, found, found if register.empty else pd.concat([register, found], ignore_index=True))


def record(archive: Path, comparison: Comparison) -> None:
    """Write the register and the figures as published; what is there already in the same form is not touched.

    Raises:
        ReportError: the archive cannot be written.
    """
    with writing(archive):
        if not comparison.found.empty:
            path = archive / REGISTER
            # Added to the text as it stands, so that no number written before is written anew.
            before = path.read_bytes().decode() if path.exists() else ""
            _replace(path, before + comparison.found.to_csv(index=False, header=not before, lineterminator="\n"))
        text = json.dumps(comparison.inputs, indent=1, sort_keys=True) + "\n"
        for day, rows in comparison.figures.groupby("as_of", sort=True):
            folder = archive / PUBLISHED / str(day)
            table = rows.drop(columns="as_of").reset_index(drop=True)
            inputs_same = (folder / INPUTS).exists() and (folder / INPUTS).read_text(encoding="utf-8") == text
            if inputs_same and pd.read_parquet(folder / FIGURES).astype(WORDS).equals(table.astype(WORDS)):
                continue
            staged = archive / f".publishing-{day}"
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            table.to_parquet(staged / FIGURES, index=False, compression="zstd")
            (staged / INPUTS).write_text(text, encoding="utf-8")
            swap(staged, folder)


def figures(results: Results) -> pd.DataFrame:
    """The figures that are watched, one a row: as_of, metric, row, column, value.

    Of every table by report date these are the shares, the margins, the indices of concentration and the ranks.
    The lists of events and the tables on the series itself are not watched.
    """
    parts = []
    for name, table in results.tables.items():
        if "as_of" not in table or name.startswith("series-"):
            continue
        watched = [column for column in table.columns if _is_watched(str(column))]
        keys = [
            column for column in table.columns if column not in ("as_of", "window_start") and _is_key(table[column])
        ]
        if not watched or table.empty:
            continue
        row = pd.Series("", index=table.index)
        for key in keys:
            text = table[key].astype("string").fillna("")
            row = row + ("" if key == keys[0] else ", ") + f"{key}=" + text
        wide = table[["as_of", *watched]].assign(metric=name, row=row)
        parts.append(wide.melt(["as_of", "metric", "row"], watched, "column", "value"))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*CELL, "value"])
    every["value"] = pd.to_numeric(every["value"], errors="coerce").astype("float64")
    sound = every[every["value"].notna()].astype(WORDS)
    return sound.drop_duplicates(CELL).sort_values(CELL, ignore_index=True)[[*CELL, "value"]]


def inputs_of(manifests: Sequence[Manifest]) -> Inputs:
    """What figures are made from, each by name with its checksum or version."""
    return {
        **{f"snapshot {manifest.as_of}": manifest.sha256 for manifest in manifests},
        **{name: digest(patterns) for name, patterns in TABLES.items()},
        "definitions": digest(DEFINING),
        "generator version": __version__,
        "engine": f"Ibis {version('ibis-framework')}, DuckDB {version('duckdb')}",
    }


def _is_watched(column: str) -> bool:
    """Whether a column holds shares, indices or ranks of its own date."""
    return (column.endswith("share") and not column.startswith("previous_")) or column in INDICES


def _is_key(column: pd.Series) -> bool:
    """Whether a column says which row it is: words do, and some numbers."""
    if column.name in NUMBERED_KEYS:
        return True
    known = column.dropna()
    return column.dtype.kind not in "biufM" and not known.empty and all(isinstance(value, str) for value in known)


def _changed(before: pd.DataFrame, now: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The figures that differ by more than rounding, and what counts as published after them."""
    if before.empty:
        return pd.DataFrame(columns=[*CELL, "old", "new"]), now.sort_values(CELL, ignore_index=True)
    both = before.rename(columns={"value": "old"}).merge(
        now.rename(columns={"value": "new"}), on=CELL, how="outer", indicator=True
    )
    # A date, a table or a column that was not published before, or is no longer made, is no revision of a figure.
    table = ["as_of", "metric", "column"]
    known = pd.MultiIndex.from_frame(before[table]).unique()
    made = pd.MultiIndex.from_frame(now[table]).unique()
    place = pd.MultiIndex.from_frame(both[table])
    comparable = place.isin(known) & place.isin(made)
    rank = both["column"] == "rank"
    change = (both["new"].fillna(0) - both["old"].fillna(0)).abs()
    moved = (both["old"].ne(both["new"])) & (both[["old", "new"]].min(axis=1) <= RANKS_WATCHED)
    revised = comparable & moved.where(rank, change >= SHARE_THRESHOLD)
    # What changed by less stays as it was published, so that many small steps add up to a revision in the end.
    value = both["new"].where(revised | both["old"].isna(), both["old"])
    gone = (revised & both["new"].isna()) | ~place.isin(made) & both["as_of"].isin(now["as_of"])
    kept = both.assign(value=value)[~gone & value.notna()]
    return (
        both.loc[revised, [*CELL, "old", "new"]].sort_values(CELL, ignore_index=True),
        kept[[*CELL, "value"]].sort_values(CELL, ignore_index=True),
    )


def _moved(
    before: pd.DataFrame, results: Results, made_from: Mapping[date, Inputs], inputs: Inputs
) -> pd.DataFrame:  # fmt: skip
    """Report dates for which figures were published and are no longer given."""
    rows = []
    for day in sorted(set(before["as_of"]) - set(results.report_dates)):
        other = [new for new in results.report_dates if (new.year, new.month) == (day.year, day.month)]
        moved = f"report date moved to {other[0]}" if other else "no longer a report date"
        rows.append((day, MOVED, "", "", None, None, f"{moved}: {_cause(made_from.get(day, {}), inputs)}"))
    return pd.DataFrame(rows, columns=[*CELL, "old", "new", "cause"]).astype({"old": "float64", "new": "float64"})


def _cause(before: Inputs, now: Inputs) -> str:
    """Which inputs differ; where several do, what each did cannot be told apart."""
    words = []
    for name in sorted({*before, *now}):
        if before.get(name) == now.get(name):
            continue
        if name.startswith("snapshot "):
            words.append(f"{name} {'added' if name not in before else 'removed' if name not in now else 'replaced'}")
        elif name in ("generator version", "engine"):
            words.append(f"{name} changed ({before.get(name, 'unknown')} to {now.get(name, 'unknown')})")
        else:
            words.append(f"{name} changed")
    return "; ".join(words) or "unexplained: every recorded input is the same"


def _not_yet(found: pd.DataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """Without what the register says already of the same figure, as its last word."""
    last = register.drop_duplicates(CELL, keep="last")[[*CELL, "new"]].rename(columns={"new": "last"})
    joined = found.merge(last.assign(known=True), on=CELL, how="left")
    same = joined["known"].notna() & (joined["last"].eq(joined["new"]) | (joined["last"].isna() & joined["new"].isna()))
    return found[~same.to_numpy()]


def _published(archive: Path) -> tuple[pd.DataFrame, dict[date, Inputs]]:
    parts, made_from = [], {}
    for day in published_dates(archive):
        folder = archive / PUBLISHED / str(day)
        try:
            parts.append(pd.read_parquet(folder / FIGURES).assign(as_of=day))
            made_from[day] = json.loads((folder / INPUTS).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReportError(
                f"{folder}: the figures as published cannot be read ({str(error).splitlines()[0]}); restore the "
                "folder from a copy, or remove it and with it the memory of what was published."
            ) from None
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*CELL, "value"])
    return every[[*CELL, "value"]].astype(WORDS), made_from


def _replace(path: Path, text: str) -> None:
    staged = path.with_name(f".{path.name}.partial")
    staged.write_bytes(text.encode())
    swap(staged, path)


def _empty() -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    return frame.astype({"old": "float64", "new": "float64"})
