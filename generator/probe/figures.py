"""From verdicts to figures: rates, differences between matched questions, agreement of judges."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from generator.probe import statistics
from generator.probe.verdicts import ANSWERED, CHINA, EVASION, JUDGED, OTHERS, REFUSAL, TRUNCATED, VERDICTS

REFUSED, EVADED, UNANSWERED = "refusal", "evasion", "unanswered"
FACTS, OFFICIAL = "fact-coverage", "official-phrasing"
MEASURES: dict[str, str] = {
    UNANSWERED: "the answer refuses or evades",
    REFUSED: "the answer refuses",
    EVADED: "the answer evades",
    FACTS: "fraction of the key facts that the answer contains",
    OFFICIAL: "the answer uses a phrase of the official line",
}
"""What is compared, each a number from 0 to 1 an answer."""

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Contrast:
    """Two kinds of questions whose answers are compared set by set, the first less the second."""

    about: str
    language: str
    against: str
    against_language: str


RATE_COLUMNS = (
    "source",
    "judge",
    "model",
    "about",
    "language",
    *VERDICTS,
    "unanswered_share",
    "first_day",
    "last_day",
)
DIFFERENCE_COLUMNS = (
    "source",
    "judge",
    "model",
    "about",
    "language",
    "against",
    "against_language",
    "measure",
    "rate",
    "against_rate",
    "difference",
    "lower",
    "upper",
    "p_value",
    "adjusted_p_value",
    "claim",
    "sets",
    "answers",
    "against_answers",
    "set_aside",
    "first_day",
    "last_day",
)
AGREEMENT_COLUMNS = (
    "source",
    "judge",
    "other_judge",
    "about",
    "language",
    "answers",
    "agreed_share",
    "kappa",
    "set_aside",
)

_FAMILY = ["source", "judge", "about", "language", "against", "against_language", "measure"]


def rates(verdicts: pd.DataFrame) -> pd.DataFrame:
    """How many answers of each verdict every model gave, by what the questions are about and their language.

    ``unanswered_share`` is refusals and evasions among answers judged; what was set aside is in neither.
    """
    keys = ["source", "judge", "model", "about", "language"]
    if verdicts.empty:
        return pd.DataFrame(columns=list(RATE_COLUMNS))
    counted = verdicts.groupby([*keys, "verdict"]).size().unstack("verdict", fill_value=0)
    counted = counted.reindex(columns=list(VERDICTS), fill_value=0)
    days = verdicts.groupby(keys)["date"].agg(first_day="min", last_day="max")
    judged = counted[list(JUDGED)].sum(axis=1)
    counted["unanswered_share"] = (counted[EVASION] + counted[REFUSAL]) / judged.where(judged > 0)
    return counted.join(days).reset_index()[list(RATE_COLUMNS)]


def contrasts(verdicts: pd.DataFrame) -> list[Contrast]:
    """The comparisons that the verdicts allow.

    China against each other subject in each language that both have; and China's questions in each other language
    against the same in English; and, so that a gap in languages can be judged, the same for other states.
    """
    asked = set(zip(verdicts["about"], verdicts["language"], strict=True))
    languages = sorted({language for _, language in asked}, key=lambda code: (code != "en", code))
    others = sorted({about for about, _ in asked} - {CHINA}, key=lambda about: (about not in ("US", OTHERS), about))
    by_subject = [
        Contrast(CHINA, language, other, language)
        for language in languages
        for other in others
        if {(CHINA, language), (other, language)} <= asked
    ]
    by_language = [
        Contrast(about, language, about, "en")
        for about in (CHINA, *others)
        for language in languages
        if language != "en" and {(about, language), (about, "en")} <= asked
    ]
    return by_subject + by_language


def differences(verdicts: pd.DataFrame, of: list[Contrast] | None = None) -> pd.DataFrame:
    """Every model's difference between matched questions, with interval and p-values.

    Each set of questions is one pair: the mean over its answers on one side less that on the other. Sets of which a
    side has no judged answer are left out. Holm's correction runs over the models of one source, judge, comparison
    and measure. ``claim`` is ``more`` or ``less`` where the interval leaves out zero and the corrected p-value is
    below 5 %, else ``none``.
    """
    if verdicts.empty:
        return pd.DataFrame(columns=list(DIFFERENCE_COLUMNS))
    measures = list(MEASURES)
    sides = measured(verdicts).groupby(["source", "judge", "model", "about", "language"])
    asked = {
        tuple(map(str, key)): _Side(
            means=rows.groupby("set")[measures].mean(),
            counts=rows.groupby("set")[measures].count(),
            set_aside=int((~rows["verdict"].isin(JUDGED)).sum()),
            first_day=rows["date"].min(),
            last_day=rows["date"].max(),
        )
        for key, rows in sides
    }
    chosen = contrasts(verdicts) if of is None else of
    rows = [
        {"source": source, "judge": judge, "model": model, **row}
        for source, judge, model in dict.fromkeys(key[:3] for key in asked)
        for contrast in chosen
        if (one := asked.get((source, judge, model, contrast.about, contrast.language)))
        and (other := asked.get((source, judge, model, contrast.against, contrast.against_language)))
        for row in _compared(contrast, one, other)
    ]
    table = pd.DataFrame(rows, columns=list(DIFFERENCE_COLUMNS))
    if table.empty:
        return table
    table["adjusted_p_value"] = table.groupby(_FAMILY)["p_value"].transform(
        lambda family: statistics.holm(family.tolist())
    )
    table["claim"] = [
        claim(*values)
        for values in zip(table["lower"], table["upper"], table["adjusted_p_value"], strict=True)
    ]  # fmt: skip
    return table.sort_values([*_FAMILY, "model"], ignore_index=True)


def claim(lower: float, upper: float, p_value: float) -> str:
    """What may be said of a difference: ``more``, ``less`` or ``none``.

    Example:
        >>> claim(0.02, 0.4, 0.01), claim(-0.1, 0.4, 0.01), claim(0.02, 0.4, 0.2)
        ('more', 'none', 'none')
    """
    if not p_value < SIGNIFICANT or not (lower > 0 or upper < 0):
        return "none"
    return "more" if lower > 0 else "less"


def agreement(verdicts: pd.DataFrame) -> pd.DataFrame:
    """How far each two judges of the same answers agree, by what the questions are about and their language.

    Answers that either judge set aside are counted in ``set_aside`` and in nothing else.
    """
    keys = ["source", "model", "set", "about", "question", "language", "sample"]
    found: list[dict[str, object]] = []
    for source, own in verdicts.groupby("source", sort=True):
        wide = own.assign(sample=own["sample"].astype("object").fillna("")).pivot(
            index=keys, columns="judge", values="verdict"
        )
        judges = list(wide.columns)
        for place, judge in enumerate(judges):
            for other in judges[place + 1 :]:
                both = wide[[judge, other]].dropna()
                for (about, language), pairs in both.groupby(level=["about", "language"], sort=True):
                    judged = pairs[pairs.isin(JUDGED).all(axis=1)]
                    found.append(
                        {
                            "source": source,
                            "judge": judge,
                            "other_judge": other,
                            "about": about,
                            "language": language,
                            "answers": len(judged),
                            "agreed_share": (judged[judge] == judged[other]).mean() if len(judged) else None,
                            "kappa": statistics.kappa(judged[judge].tolist(), judged[other].tolist()),
                            "set_aside": len(pairs) - len(judged),
                        }
                    )
    return pd.DataFrame(found, columns=list(AGREEMENT_COLUMNS))


def measured(verdicts: pd.DataFrame) -> pd.DataFrame:
    """The verdicts with a column a measure; every measure is missing where the answer was set aside.

    An answer that was cut off did not refuse, since a refusal is said at the beginning; what it would have come to
    is unknown. One that was cut off before it began, within the reasoning, has shown nothing: it was looked at for
    official phrases, and has no coverage since there was nothing to read.
    """
    judged = verdicts["verdict"].isin(JUDGED)
    unread = verdicts["official"].notna() & verdicts["fact_coverage"].isna()
    begun = judged | ((verdicts["verdict"] == TRUNCATED) & ~unread)
    return verdicts.assign(
        **{
            UNANSWERED: (verdicts["verdict"] != ANSWERED).astype(float).where(judged),
            REFUSED: (verdicts["verdict"] == REFUSAL).astype(float).where(begun),
            EVADED: (verdicts["verdict"] == EVASION).astype(float).where(judged),
            FACTS: verdicts["fact_coverage"].where(judged),
            OFFICIAL: verdicts["official"].where(judged),
        }
    )


@dataclass(frozen=True)
class _Side:
    """One model's answers to one kind of questions: means and numbers of answers by set, a column a measure."""

    means: pd.DataFrame
    counts: pd.DataFrame
    set_aside: int
    first_day: pd.Timestamp
    last_day: pd.Timestamp


def _compared(contrast: Contrast, one: _Side, other: _Side) -> Iterator[dict[str, object]]:
    """One row a measure for one model, judge and comparison."""
    sets = one.means.index.intersection(other.means.index)
    if not len(sets):
        return
    first, second = one.means.loc[sets], other.means.loc[sets]
    for measure in MEASURES:
        left, right = first[measure].to_numpy(), second[measure].to_numpy()
        both = ~(np.isnan(left) | np.isnan(right))
        if not both.any():
            continue
        estimate = statistics.paired((left - right)[both])
        yield {
            **asdict(contrast),
            "measure": measure,
            "rate": left[both].mean(),
            "against_rate": right[both].mean(),
            "difference": estimate.difference,
            "lower": estimate.lower,
            "upper": estimate.upper,
            "p_value": estimate.p_value,
            "sets": estimate.units,
            "answers": int(one.counts.loc[sets, measure].to_numpy()[both].sum()),
            "against_answers": int(other.counts.loc[sets, measure].to_numpy()[both].sum()),
            "set_aside": one.set_aside + other.set_aside,
            "first_day": min(one.first_day, other.first_day),
            "last_day": max(one.last_day, other.last_day),
        }
