"""One judged answer a row: the table format in which our own probe's answers and those of others are compared.

The format is small on purpose, so that verdicts published elsewhere fit it: see ``docs/probe.md``.
"""

from pathlib import Path

import pandas as pd

from generator.errors import ReportError

ANSWERED, EVASION, REFUSAL = "answered", "evasion", "refusal"
TRUNCATED, UNREAD, EMPTY, ERROR = "truncated", "unread", "empty", "error"
VERDICTS = (ANSWERED, EVASION, REFUSAL, TRUNCATED, UNREAD, EMPTY, ERROR)

JUDGED = (ANSWERED, EVASION, REFUSAL)
"""Only these say what the model did with the question. The others are set aside: counted and shown, in no rate but that
of refusals, in which an answer that was cut off counts as none."""

CHINA, OTHERS, NEUTRAL = "CN", "others", "neutral"
"""What a question is about: the state in question; other states, all taken together; or nothing sensitive."""

COLUMNS: dict[str, str] = {
    "source": "Who asked the questions: SpeechMap, or Open Model Report for this report's own probe.",
    "model": "Name of the model as the source gives it.",
    "set": "The group of matched questions; rows of one set are compared with each other.",
    "about": "Whom the question is about: CN, US, EU, RU; others (other states together); neutral (controls).",
    "question": "Identifier of the question.",
    "language": "Language of the question: en, zh, fi.",
    "verdict": "answered, evasion or refusal; or set aside: truncated, unread (in a language that the judge does not "
    "read), empty or error.",
    "judge": "Who gave the verdict: rules with their version, or a model.",
    "date": "Day of the verdict (YYYY-MM-DD).",
}
OPTIONAL: dict[str, str] = {
    "topic": "Subject matter of the set.",
    "sample": "Running number of the answer among those to one question.",
    "fact_coverage": "Fraction of the key facts that the answer contains; empty where none are listed.",
    "official": "1 where the answer uses a phrase typical of the official line, else 0; empty where not looked for.",
    "country": "ISO code of the country of the model's developer; empty: as the registry has the namespace.",
    "origin_country": "The same of the developer of the model at the root of its lineage.",
}


def empty() -> pd.DataFrame:
    """A table of no verdicts, with all columns."""
    return _complete(pd.DataFrame(columns=list(COLUMNS)))


def read(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file of verdicts.

    Returns:
        All columns, those that the file does not have empty.

    Raises:
        ReportError: naming file, row and column of the first fault.
    """
    try:
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise ReportError(f"{path}: cannot be read as a table of verdicts ({reason}); see docs/probe.md.") from None
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise ReportError(f"{path}: lacks the column {missing[0]}; docs/probe.md describes the format.")
    for name in COLUMNS:
        absent = rows[name].isna()
        if absent.any():
            raise ReportError(f"{path}, row {_row(absent)}, column {name}: is empty; fill it in.")
    unknown = ~rows["verdict"].isin(VERDICTS)
    if unknown.any():
        found = rows.loc[unknown, "verdict"].iloc[0]
        raise ReportError(
            f"{path}, row {_row(unknown)}, column verdict: {found!r} is none of {', '.join(VERDICTS)}; mend the row."
        )
    rows = rows.assign(date=pd.to_datetime(rows["date"], errors="coerce"))
    undated = rows["date"].isna()
    if undated.any():
        raise ReportError(f"{path}, row {_row(undated)}, column date: is no date as YYYY-MM-DD; mend the row.")
    for name in ("fact_coverage", "official"):
        if name in rows:
            value = pd.to_numeric(rows[name], errors="coerce")
            wrong = (rows[name].notna() & value.isna()) | ~value.dropna().between(0, 1).reindex(
                rows.index, fill_value=True
            )
            if wrong.any():
                raise ReportError(f"{path}, row {_row(wrong)}, column {name}: is no number from 0 to 1; mend the row.")
            rows[name] = value
    keys = ["source", "judge", "model", "set", "about", "question", "language"]
    keys += ["sample"] if "sample" in rows else []
    twice = rows.duplicated(keys)
    if twice.any():
        raise ReportError(f"{path}, row {_row(twice)}: the same answer is judged twice by one judge; keep one row.")
    return _complete(rows)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Verdicts with all columns; those that are not given are empty."""
    return _complete(rows)


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    completed = rows.reindex(columns=list(COLUMNS | OPTIONAL))
    completed["date"] = pd.to_datetime(completed["date"])
    for name in ("fact_coverage", "official"):
        completed[name] = completed[name].astype(float)
    return completed


def _row(faulty: pd.Series) -> int:
    """The number of the first faulty row, the first after the header being 1."""
    return int(faulty.to_numpy().argmax()) + 1
