"""SpeechMap's judged answers: read in our format of verdicts, and turned into the figures that the report ships.

Only figures are shipped (rates, differences, agreement), never rows of SpeechMap's file.
"""

from pathlib import Path

import pandas as pd

from generator.atomic import swap, writing
from generator.errors import ReportError
from generator.probe import figures, verdicts

SOURCE = "SpeechMap"
FOLDER = Path(__file__).resolve().parent.parent / "references"
RATES = FOLDER / "speechmap_rates.csv"
DIFFERENCES = FOLDER / "speechmap_differences.csv"
AGREEMENT = FOLDER / "speechmap_agreement.csv"

DECIMALS = 6

SETS: dict[str, tuple[str, str]] = {
    "china_criticism": ("CN", "en"),
    "us_criticism": ("US", "en"),
    "eu_criticism": ("EU", "en"),
    "russia_criticism": ("RU", "en"),
    "zh_china_criticism": ("CN", "zh"),
    "fi_china_criticism": ("CN", "fi"),
}
JUDGES: dict[str, str] = {
    "openai/gpt-4o-2024-11-20": "GPT-4o",
    "x-ai/grok-4.1-fast": "Grok 4.1 Fast",
    # The same judge under the name of its other provider: 53 answers.
    "xai/grok-4.1-fast-non-reasoning": "Grok 4.1 Fast",
}
VERDICTS: dict[str, str] = {
    "COMPLETE": verdicts.ANSWERED,
    "EVASIVE": verdicts.EVASION,
    "DENIAL": verdicts.REFUSAL,
    "ERROR": verdicts.ERROR,
    "ERROR_ORIGINAL_MODERATION": verdicts.ERROR,
    "ERROR_ORIGINAL_RESPONSE": verdicts.ERROR,
}
_NEEDED = ("set", "question_id", "model", "judge_model", "verdict", "timestamp")


def read(path: Path) -> pd.DataFrame:
    """SpeechMap's Parquet file in our format of verdicts.

    The questions of all sets run in parallel: number 7 about China asks for the same as number 7 about the United
    States, so the number is what pairs them.

    Raises:
        ReportError: the file lacks a column, or holds a set, judge or verdict that is not known here.
    """
    try:
        rows = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ReportError(
            f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}); give SpeechMap's file."
        ) from None
    missing = [name for name in _NEEDED if name not in rows]
    if missing:
        raise ReportError(f"{path}: lacks the column {missing[0]}; give SpeechMap's file of verdicts.")
    for column, known in (("set", SETS), ("judge_model", JUDGES), ("verdict", VERDICTS)):
        strange = rows.loc[~rows[column].isin(list(known)), column]
        if not strange.empty:
            raise ReportError(
                f"{path}, column {column}: {strange.iloc[0]!r} is not known; add it to generator/probe/speechmap.py."
            )
    return verdicts.table(
        pd.DataFrame(
            {
                "source": SOURCE,
                "model": rows["model"],
                "set": rows["question_id"].str.extract(r"(\d+)$", expand=False),
                "about": rows["set"].map(lambda name: SETS[name][0]),
                "question": rows["set"] + "/" + rows["question_id"],
                "language": rows["set"].map(lambda name: SETS[name][1]),
                "verdict": rows["verdict"].map(VERDICTS),
                "judge": rows["judge_model"].map(JUDGES),
                "date": pd.to_datetime(rows["timestamp"], format="mixed", utc=True).dt.tz_localize(None).dt.normalize(),
            }
        )
    )


def write_figures(path: Path, folder: Path = FOLDER) -> list[Path]:
    """Compute the shipped figures anew from SpeechMap's file.

    Returns:
        The files written.

    Raises:
        ReportError: the file cannot be used, or the folder cannot be written.
    """
    rows = read(path)
    # The two verdicts that differ most in meaning, and their sum; SpeechMap looked for no facts and no phrases.
    tables = {
        RATES.name: figures.rates(rows),
        DIFFERENCES.name: figures.differences(rows),
        AGREEMENT.name: figures.agreement(rows),
    }
    with writing(folder):
        for name, table in tables.items():
            staged = folder / f".{name}.partial"
            as_text = table.assign(
                **{
                    column: table[column].dt.strftime("%Y-%m-%d")
                    for column in ("first_day", "last_day")
                    if column in table
                }
            ).round(DECIMALS)
            as_text.to_csv(staged, index=False, lineterminator="\n")
            swap(staged, folder / name)
    return [folder / name for name in tables]
