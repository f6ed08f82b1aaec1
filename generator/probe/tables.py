"""The probe's figures with what the report knows of each model: the frames behind the metrics."""

from collections.abc import Iterator

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.probe import figures, statistics
from generator.probe.figures import AGREEMENT_COLUMNS, DIFFERENCE_COLUMNS, RATE_COLUMNS
from generator.probe.results import ProbeResults
from generator.references import speechmap

MODEL_COLUMNS = ("organisation", "country", "origin_country", "open_weights")
EVERY_TOPIC = "all"
REFERENCE = "US"
"""The country that the others are compared with."""

_COMPARISON = ["source", "judge", "about", "language", "against", "against_language", "measure"]

_TEXT = {
    *("source", "judge", "other_judge", "model", "about", "language", "against", "against_language", "measure"),
    *("claim", "topic", "lens", *MODEL_COLUMNS),
}
_DAYS = {"first_day", "last_day"}
_NUMBERS = {
    *("unanswered_share", "rate", "against_rate", "difference", "lower", "upper", "p_value", "adjusted_p_value"),
    *("agreed_share", "kappa", "gap", "gap_lower", "gap_upper"),
}


def differences(probe: ProbeResults) -> pd.DataFrame:
    """SpeechMap's and the probe's differences by model; ``topic`` is ``all``, or one of the probe's own topics."""
    parts = [speechmap.differences().assign(topic=EVERY_TOPIC)]
    if not probe.verdicts.empty:
        parts.append(figures.differences(probe.verdicts).assign(topic=EVERY_TOPIC))
        parts += [
            figures.differences(rows).assign(topic=topic)
            for topic, rows in probe.verdicts.dropna(subset=["topic"]).groupby("topic", sort=True)
        ]
    filled = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    return _attributed(filled, probe)[["source", "judge", "model", *MODEL_COLUMNS, "topic", *DIFFERENCE_COLUMNS[3:]]]


def by_country(probe: ProbeResults) -> pd.DataFrame:
    """The means over the models of each country, by its developer and by the root's, and their gaps to the US."""
    every = differences(probe)
    every = every[every["topic"] == EVERY_TOPIC]
    rows = [
        row
        for lens, column in (("publisher", "country"), ("origin", "origin_country"))
        for comparison, models in every.groupby(_COMPARISON, sort=True)
        for row in _countries(
            models, column, {**dict(zip(_COMPARISON, map(str, comparison), strict=True)), "lens": lens}
        )
    ]
    table = pd.DataFrame(rows)
    table["adjusted_p_value"] = table.groupby([*_COMPARISON, "lens"])["p_value"].transform(
        lambda family: statistics.holm(family.tolist())
    )
    table["claim"] = [
        figures.claim(*values)
        for values in zip(table["gap_lower"], table["gap_upper"], table["adjusted_p_value"], strict=True)
    ]  # fmt: skip
    return table


def _countries(models: pd.DataFrame, column: str, comparison: dict[str, str]) -> Iterator[dict[str, object]]:
    reference = models.loc[models[column] == REFERENCE, "difference"].to_numpy()
    for country, own in models.groupby(column, sort=True):
        values = own["difference"].to_numpy()
        mean = statistics.paired(values, statistics.FEWEST_MODELS)
        gap = statistics.between(values, reference if country != REFERENCE else [])
        yield {
            **comparison,
            "country": country,
            "models": len(own),
            "organisations": own["organisation"].nunique(),
            "models_more": int((own["claim"] == "more").sum()),
            "models_less": int((own["claim"] == "less").sum()),
            "difference": mean.difference,
            "lower": mean.lower,
            "upper": mean.upper,
            "gap": gap.difference,
            "gap_lower": gap.lower,
            "gap_upper": gap.upper,
            "p_value": gap.p_value,
        }


def rates(probe: ProbeResults) -> pd.DataFrame:
    """SpeechMap's and the probe's counts of verdicts by model, subject and language."""
    parts = [speechmap.rates(), figures.rates(probe.verdicts)]
    filled = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    return _attributed(filled, probe)[["source", "judge", "model", *MODEL_COLUMNS, *RATE_COLUMNS[3:]]]


def agreement(probe: ProbeResults) -> pd.DataFrame:
    """How far each two judges of the same answers agree."""
    parts = [speechmap.agreement(), figures.agreement(probe.verdicts)]
    filled = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    return filled[list(AGREEMENT_COLUMNS)]


def as_table(frame: pd.DataFrame) -> Table:
    """A frame of figures as an Ibis table in which every column has its kind, however few values it has."""

    def kind(name: str) -> str:
        if name in _TEXT:
            return "string"
        if name in _DAYS:
            return "date"
        return "float64" if name in _NUMBERS else "int64"

    typed = frame.copy()
    for name in frame.columns:
        if name in _DAYS:
            typed[name] = pd.to_datetime(frame[name]).dt.date
        elif name not in _TEXT and name not in _NUMBERS:
            typed[name] = frame[name].astype("int64")
    return ibis.memtable(typed, schema=ibis.schema({name: kind(name) for name in frame.columns}))


def _attributed(rows: pd.DataFrame, probe: ProbeResults) -> pd.DataFrame:
    """The rows with who developed each model, as SpeechMap's list, the run, or the registry says."""
    listed = pd.DataFrame([model.model_dump() for model in speechmap.models()]).rename(
        columns={"developer": "organisation"}
    )
    known = pd.concat([probe.models, listed.assign(source=speechmap.NAME)], ignore_index=True)
    joined = rows.merge(
        known[["source", "model", *MODEL_COLUMNS]].drop_duplicates(["source", "model"]),
        on=["source", "model"],
        how="left",
    )
    for name in ("country", "origin_country"):
        joined[name] = joined[name].fillna(UNATTRIBUTED)
    joined["organisation"] = joined["organisation"].fillna(joined["model"].str.split("/").str[0])
    joined["open_weights"] = joined["open_weights"].fillna("unknown")
    return joined
