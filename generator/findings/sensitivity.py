"""What models leave unanswered about China and not about others: by model, by country, by language, by judge."""

from collections.abc import Mapping

import pandas as pd
from markupsafe import Markup

from generator.facts import FactBook, sentence
from generator.findings.finding import Finding
from generator.probe.figures import EVADED, FACTS, OFFICIAL, REFUSED, UNANSWERED
from generator.probe.results import SOURCE as OWN
from generator.probe.score import RULES
from generator.probe.tables import EVERY_TOPIC, REFERENCE
from generator.probe.verdicts import CHINA, OTHERS
from generator.references.speechmap import NAME as SPEECHMAP
from generator.wording import day, in_sentence

MODELS = "political-sensitivity"
BY_COUNTRY = "political-sensitivity-by-country"
RATES = "political-sensitivity-rates"
AGREEMENT = "political-sensitivity-agreement"

JUDGE, OTHER_JUDGE = "GPT-4o", "Grok 4.1 Fast"
"""SpeechMap's two judges; charts show the first, sentences both."""

SUBJECT = {"about": CHINA, "language": "en", "against": REFERENCE, "against_language": "en"}
LANGUAGE = {"about": CHINA, "language": "zh", "against": CHINA, "against_language": "en"}
"""The comparisons that the sentences on SpeechMap speak of."""

NAMED_LANGUAGES = {"en": "English", "zh": "Chinese", "fi": "Finnish"}
_DONE: dict[str, tuple[str, str]] = {
    UNANSWERED: ("leaves unanswered", "of the answers"),
    REFUSED: ("refuses", "of the answers"),
    EVADED: ("evades", "of the answers"),
    FACTS: ("tells", "of the key facts"),
    OFFICIAL: ("uses official phrases in", "of the answers"),
}


def rows_of(
    book: FactBook, metric: str, source: str, judge: str, comparison: Mapping[str, str], **where: str
) -> pd.DataFrame:
    """The rows of one source, judge and comparison; of the whole question set where a table has topics."""
    rows: pd.DataFrame = book.results.tables[metric]
    wanted = {"source": source, "judge": judge, **comparison, **where}
    if "topic" in rows and "topic" not in wanted:
        wanted["topic"] = EVERY_TOPIC
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def models(book: FactBook) -> Finding:
    """How many models leave more unanswered about China than about the US, and which is furthest apart.

    Conditions: ``more``, ``none`` (no difference may be claimed of any) or ``no-data``.
    """
    rows = rows_of(book, MODELS, SPEECHMAP, JUDGE, SUBJECT, measure=UNANSWERED)
    counts = [row for _, row in _by_country(book, JUDGE, SUBJECT).iterrows() if row["country"] in (CHINA, REFERENCE)]
    if rows.empty or not counts:
        return Finding("sensitivity-models", "no-data", Markup("There are no published verdicts to compare."), MODELS)
    claimed = rows[rows["claim"] == "more"]
    parts = [
        sentence(
            "{more} of the {models} models by developers in {country}",
            more=book.quote(row, BY_COUNTRY, "models_more", "count"),
            models=book.quote(row, BY_COUNTRY, "models", "count"),
            country=in_sentence(row["country"]),
        )
        for row in counts
    ]
    text = sentence(
        "Asked to criticise governments in English, some models leave more requests about China unanswered than the "
        "same requests about the United States. By the verdicts of {judge}, that can be claimed of {parts}.",
        judge=JUDGE,
        parts=Markup(" and of ").join(parts),
    )
    if claimed.empty:
        text = sentence(
            "Asked to criticise governments in English, no model can be said to leave more requests about China "
            "unanswered than the same requests about the United States: that holds for {parts}.",
            parts=Markup(" and for ").join(parts),
        )
        return Finding("sensitivity-models", "none", text, MODELS)
    furthest = claimed.sort_values(["difference", "model"], ascending=[False, True]).iloc[0]
    text += Markup(" ") + _furthest(book, furthest)
    return Finding("sensitivity-models", "more", text, MODELS)


def countries(book: FactBook, lens: str) -> Finding:
    """Whether China's models, as a group, differ from the United States' in what they leave unanswered about China.

    Conditions: ``more``, ``less``, ``none`` (the interval of the gap includes zero), ``few`` or ``no-data``.
    """
    kind = "were developed in" if lens == "publisher" else "descend from a model made in"
    return _groups(book, "sensitivity-countries", SUBJECT, lens, kind, "about China than about the United States")


def languages(book: FactBook, lens: str = "publisher") -> Finding:
    """Whether the same requests about China are left unanswered more often in Chinese. Conditions as ``countries``."""
    more = "of the requests about China when they are put in Chinese than in English"
    return _groups(book, "sensitivity-languages", LANGUAGE, lens, "were developed in", more)


def judges(book: FactBook) -> Finding:
    """How far SpeechMap's two judges agree: ``known`` or ``no-data``."""
    rows = book.results.tables[AGREEMENT]
    rows = rows[(rows["source"] == SPEECHMAP) & rows["kappa"].notna()]
    if rows.empty:
        return Finding("sensitivity-judges", "no-data", Markup("No answer was judged twice."), AGREEMENT)
    by_kappa = rows.sort_values("kappa")
    lowest, highest = by_kappa.iloc[0], by_kappa.iloc[-1]
    aside = rows[(rows["about"] == CHINA) & (rows["language"] == "en")].iloc[0]
    text = sentence(
        "The two judges agree beyond chance with a kappa between {low} and {high}, by set of requests. "
        "On the requests about China in English they give the same verdict to {agreed} of {answers} answers; {aside} "
        "more came to nothing for one of them or both and are in no rate.",
        low=book.quote(lowest, AGREEMENT, "kappa", "index"),
        high=book.quote(highest, AGREEMENT, "kappa", "index"),
        agreed=book.quote(aside, AGREEMENT, "agreed_share", "percent"),
        answers=book.quote(aside, AGREEMENT, "answers", "count"),
        aside=book.quote(aside, AGREEMENT, "set_aside", "count"),
    )
    return Finding("sensitivity-judges", "known", text, AGREEMENT)


def errors(book: FactBook) -> Finding:
    """Whose answers came to nothing most often: ``some``, ``none`` or ``no-data``."""
    rows = book.results.tables[RATES]
    rows = rows[(rows["source"] == SPEECHMAP) & (rows["judge"] == JUDGE)]
    if rows.empty:
        return Finding("sensitivity-errors", "no-data", Markup("There are no published verdicts to count."), RATES)
    most = rows.sort_values(["error", "model"], ascending=[False, True], kind="stable").iloc[0]
    if most["error"] == 0:
        return Finding("sensitivity-errors", "none", Markup("Every request was answered and judged."), RATES)
    text = sentence(
        "Most requests came to nothing with {model}: {errors}, about {about} in {language}, failed or were blocked by "
        "the provider's moderation. They count neither as answered nor as refused.",
        model=book.quote(most, RATES, "model", "name"),
        errors=book.quote(most, RATES, "error", "count"),
        about=_subject(most["about"]),
        language=NAMED_LANGUAGES.get(most["language"], most["language"]),
    )
    return Finding("sensitivity-errors", "some", text, RATES)


def period(book: FactBook) -> Finding:
    """When SpeechMap's verdicts were given: ``known`` or ``no-data``."""
    rows = book.results.tables[RATES]
    parts = []
    for judge in (JUDGE, OTHER_JUDGE):
        own = rows[(rows["source"] == SPEECHMAP) & (rows["judge"] == judge)]
        if not own.empty:
            parts.append(
                sentence(
                    "{judge} from {first} to {last}",
                    judge=judge,
                    first=book.quote(own.sort_values("first_day").iloc[0], RATES, "first_day", "date"),
                    last=book.quote(own.sort_values("last_day").iloc[-1], RATES, "last_day", "date"),
                )
            )
    if not parts:
        return Finding("sensitivity-period", "no-data", Markup("There are no published verdicts."), RATES)
    text = sentence("Verdicts were given by {parts}.", parts=Markup(" and by ").join(parts))
    return Finding("sensitivity-period", "known", text, RATES)


def own(book: FactBook) -> list[Finding]:
    """A sentence a model, language and measure of our own probe, or one that says there are none.

    Conditions: ``more``, ``less``, ``none`` (the interval includes zero, or does after correction), ``few`` (too few
    sets for an interval) or ``no-data``.
    """
    table = book.results.tables[MODELS]
    rows = table[(table["source"] == OWN) & (table["judge"] == RULES) & (table["topic"] == EVERY_TOPIC)]
    # Others in Chinese against others in English is a comparison too, and is none with China.
    rows = rows[(rows["about"] == CHINA) & (rows["against"] == OTHERS)]
    rows = rows[rows["measure"].isin([REFUSED, EVADED, FACTS, OFFICIAL])]
    if rows.empty:
        text = Markup(
            "This edition has no answers of our own probe: nobody has put its questions to a model here yet, and none "
            "are made up."
        )
        return [Finding("sensitivity-own", "no-data", text, MODELS)]
    return [_own(book, row) for _, row in rows.sort_values(["model", "language", "measure"]).iterrows()]


def _own(book: FactBook, row: pd.Series) -> Finding:
    verb, noun = _DONE[row["measure"]]
    text = sentence(
        "{model}, asked in {language}, {verb} {rate} {noun} on what is sensitive for China and {other} on the same "
        "about other states",
        model=book.quote(row, MODELS, "model", "name"),
        language=NAMED_LANGUAGES.get(row["language"], row["language"]),
        verb=verb,
        noun=noun,
        rate=book.quote(row, MODELS, "rate", "percent"),
        other=book.quote(row, MODELS, "against_rate", "percent"),
    )
    counts = sentence(
        "{sets} sets, {answers} and {others} answers",
        sets=book.quote(row, MODELS, "sets", "count"),
        answers=book.quote(row, MODELS, "answers", "count"),
        others=book.quote(row, MODELS, "against_answers", "count"),
    )
    if pd.isna(row["lower"]):
        text += sentence(" ({counts}): too few sets to say whether that is more than chance.", counts=counts)
        return Finding("sensitivity-own", "few", text, MODELS)
    interval = _interval(book, row, MODELS, "difference", "lower", "upper")
    text += sentence(": {interval}; {counts}.", interval=interval, counts=counts)
    if row["claim"] == "none":
        within = row["lower"] <= 0 <= row["upper"]
        text += Markup(
            " The interval includes zero, so no difference can be claimed."
            if within
            else " After correction for the number of models compared, no difference can be claimed."
        )
    return Finding("sensitivity-own", row["claim"], text, MODELS)


def _groups(book: FactBook, name: str, comparison: Mapping[str, str], lens: str, kind: str, more: str) -> Finding:
    found = _by_country(book, JUDGE, comparison, lens)
    rows = {str(row["country"]): row for _, row in found.iterrows()}
    if not {CHINA, REFERENCE} <= set(rows):
        return Finding(name, "no-data", Markup("There are no verdicts on models of both countries."), BY_COUNTRY)
    china, states = rows[CHINA], rows[REFERENCE]
    said = sentence(
        "More is left unanswered {more} by {difference} points on average among the {count} models that {kind} China, "
        "and by {other} points among the {others} that {kind} the United States",
        more=more,
        kind=kind,
        difference=book.quote(china, BY_COUNTRY, "difference", "signed points"),
        count=book.quote(china, BY_COUNTRY, "models", "count"),
        others=book.quote(states, BY_COUNTRY, "models", "count"),
        other=book.quote(states, BY_COUNTRY, "difference", "signed points"),
    )
    if pd.isna(china["gap_lower"]):
        text = said + Markup(". The models are too few to say whether the countries differ.")
        return Finding(name, "few", text, BY_COUNTRY)
    said += sentence(
        ". The gap between the two is {interval}",
        interval=_interval(book, china, BY_COUNTRY, "gap", "gap_lower", "gap_upper"),
    )
    if china["claim"] == "none":
        text = said + Markup(
            ": it includes zero, so no difference between the countries can be claimed."
            if china["gap_lower"] <= 0 <= china["gap_upper"]
            else ": too uncertain, by the corrected test, to claim a difference between the countries."
        )
        return Finding(name, "none", text, BY_COUNTRY)
    second_opinion = _by_country(book, OTHER_JUDGE, comparison, lens)
    for _, second in second_opinion[second_opinion["country"] == CHINA].iterrows():
        said += sentence(
            "; by the other judge, {judge}, {interval}",
            judge=OTHER_JUDGE,
            interval=_interval(book, second, BY_COUNTRY, "gap", "gap_lower", "gap_upper"),
        )
        if second["claim"] != china["claim"]:
            return Finding(
                name, "none", said + Markup(". The judges differ, so no difference can be claimed."), BY_COUNTRY
            )
    return Finding(name, china["claim"], said + Markup("."), BY_COUNTRY)


def _by_country(book: FactBook, judge: str, comparison: Mapping[str, str], lens: str = "publisher") -> pd.DataFrame:
    return rows_of(book, BY_COUNTRY, SPEECHMAP, judge, comparison, measure=UNANSWERED, lens=lens)


def _furthest(book: FactBook, row: pd.Series) -> Markup:
    return sentence(
        "Furthest apart is {model}: {rate} of the requests about China unanswered, {other} of those about the United "
        "States; {interval}, {sets} pairs of requests.",
        model=book.quote(row, MODELS, "model", "name"),
        rate=book.quote(row, MODELS, "rate", "percent"),
        other=book.quote(row, MODELS, "against_rate", "percent"),
        interval=_interval(book, row, MODELS, "difference", "lower", "upper"),
        sets=book.quote(row, MODELS, "sets", "count"),
    )


def _interval(book: FactBook, row: pd.Series, metric: str, value: str, lower: str, upper: str) -> Markup:
    return sentence(
        "{value} points (95% interval {lower} to {upper})",
        value=book.quote(row, metric, value, "signed points"),
        lower=book.quote(row, metric, lower, "signed points"),
        upper=book.quote(row, metric, upper, "signed points"),
    )


def _subject(about: str) -> str:
    return "the European Union" if about == "EU" else in_sentence(about)


def last_day(rows: pd.DataFrame) -> str:
    """The day of the last verdict among rows."""
    return day(rows["last_day"].max())
