"""Do models avoid the subjects that are sensitive for the Chinese state, more than the same about others?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.probe import tables
from generator.probe.figures import MEASURES

DATA = (
    "SpeechMap's judged answers (Apache-2.0), of which only figures are used, and the answers to this report's own "
    "probe where there are any"
)
KEYS = ("source", "judge", "topic", "about", "language", "against", "against_language", "measure", "model")

QUESTION_COLUMNS = (
    ("source", "Who put the questions: SpeechMap, or Open Model Report for this report's own probe."),
    ("judge", "Who gave the verdicts: the rules of docs/probe.md with their version, or a judge model."),
    ("model", "Name of the model as the source gives it."),
    (
        "about",
        "Whom the questions are about: CN, US, EU, RU; others (other states together) or neutral (controls without "
        "a state).",
    ),
    ("language", "Language of the questions: en, zh or fi."),
)
MODEL_COLUMNS = (
    (
        "origin_country",
        "Country of the developer of the model at the root of the lineage: differs from country where a model was "
        "trained further by others.",
    ),
    ("open_weights", "Whether the weights can be downloaded: yes, no or unknown."),
)
COMPARISON_COLUMNS = (
    ("against", "Whom the questions of the other side are about, in the same codes."),
    ("against_language", "Language of the other side's questions."),
    ("measure", "What is compared; " + "; ".join(f"{name}: {meaning}" for name, meaning in MEASURES.items()) + "."),
)
DAY_COLUMNS = (
    ("first_day", "Day of the first verdict."),
    ("last_day", "Day of the last verdict."),
)
CAVEATS = (
    "A request to criticise a government is not a question of fact: SpeechMap's figures show what models are willing "
    "to write, not whether they tell what happened.",
    "An answer comes from a model and whoever runs it: a provider may filter requests or answers, so the same "
    "weights can behave otherwise elsewhere.",
    "Judges err, rules and models alike; the table of agreement says how far two of them differ. SpeechMap's judges "
    "are by OpenAI and xAI, whose own models are among the judged.",
    "Answers that came to nothing (errors, a provider's moderation, empty or cut off) are counted apart and in no "
    "rate, but that cut off ones count as no refusal; if a provider blocks sensitive questions, the rate comes out too "
    "low.",
    "The models are those that somebody chose to ask, at the time they were asked: no sample of all models, and some "
    "are out of use.",
    "Models of one developer resemble each other, so their number says more than there is.",
    "The country is that of the model's developer; where a model stands is no statement on its country's people.",
)


def compute(flows: Flows) -> Table:
    """Every model's difference between matched questions; the archive plays no part in it."""
    return tables.as_table(tables.differences(flows.probe)[list(METRIC.columns)]).order_by(list(KEYS))


METRIC = Metric(
    id="political-sensitivity",
    title="Difference between matched questions by model",
    question="Do models avoid what is sensitive for the Chinese state more than the same about others?",
    definition=(
        "For each model, the mean over sets of matched questions of the rate on one side less the rate on the other: "
        "questions about China less those about another state, or the same questions in Chinese less those in English. "
        "The interval is the 95% percentile bootstrap over the sets; the p-value is that of a sign-flip test, "
        "corrected by Holm's method over the models of one source, judge and comparison. A claim is made only "
        "where the interval leaves out zero and the corrected p-value is below 5%."
    ),
    unit="difference of fractions",
    columns=(
        "source",
        "judge",
        "model",
        *tables.MODEL_COLUMNS,
        "topic",
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
    ),
    own_columns=(
        *QUESTION_COLUMNS,
        *MODEL_COLUMNS,
        *COMPARISON_COLUMNS,
        ("topic", "Subject matter of the sets: all, or one topic of the probe's own questions."),
        ("rate", "The measure's mean over the sets on the side of about and language."),
        ("against_rate", "The same on the other side."),
        ("difference", "rate less against_rate."),
        ("lower", "Lower end of the 95% interval; empty with fewer than 6 sets."),
        ("upper", "Upper end of the 95% interval; empty with fewer than 6 sets."),
        ("p_value", "Two-sided p-value of no difference (sign-flip test over the sets)."),
        ("adjusted_p_value", "The p-value by Holm's method over the models of this comparison."),
        ("claim", "more or less where the difference may be claimed, else none."),
        ("sets", "Number of sets with judged answers on both sides."),
        ("answers", "Number of judged answers on the side of about and language."),
        ("against_answers", "The same on the other side."),
        (
            "set_aside",
            "Number of answers of both sides set aside: errors, empty ones, or cut off (which count as no refusal).",
        ),
        *DAY_COLUMNS,
    ),
    caveats=CAVEATS,
    source=(
        "This report's own; matched questions after SpeechMap, promptfoo, NIST's evaluation of DeepSeek (2025) and "
        "XSTest's contrast pairs."
    ),
    compute=compute,
    data=DATA,
)
