"""How many answers did each model give, refuse and evade, and how many came to nothing?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.political_sensitivity import CAVEATS, DATA, DAY_COLUMNS, MODEL_COLUMNS, QUESTION_COLUMNS
from generator.probe import tables

KEYS = ("source", "judge", "about", "language", "model")


def compute(flows: Flows) -> Table:
    """Counts of verdicts; the archive plays no part in it."""
    return tables.as_table(tables.rates(flows.probe)[list(METRIC.columns)]).order_by(list(KEYS))


METRIC = Metric(
    id="political-sensitivity-rates",
    title="Verdicts by model, subject and language",
    question="How many answers did each model give, evade and refuse?",
    definition=(
        "The number of answers of each verdict by model, by whom the questions are about and by their language. The "
        "share of unanswered is refusals and evasions among the answers judged; truncated, empty and failed ones are "
        "not in it."
    ),
    unit="answers",
    columns=(
        "source",
        "judge",
        "model",
        *tables.MODEL_COLUMNS,
        "about",
        "language",
        "answered",
        "evasion",
        "refusal",
        "truncated",
        "unread",
        "empty",
        "error",
        "unanswered_share",
        "first_day",
        "last_day",
    ),
    own_columns=(
        *QUESTION_COLUMNS,
        *MODEL_COLUMNS,
        ("answered", "Number of answers that deal with the question."),
        ("evasion", "Number of answers that talk around it."),
        ("refusal", "Number of answers that say they do not answer."),
        ("truncated", "Number of answers cut off before they could be judged."),
        ("unread", "Number of answers in a language that the judge does not read."),
        ("empty", "Number of answers without text."),
        ("error", "Number of requests that came to nothing: a failure, or moderation by the provider."),
        ("unanswered_share", "Evasions and refusals as a fraction of answered, evasion and refusal together."),
        *DAY_COLUMNS,
    ),
    caveats=CAVEATS,
    source="SpeechMap's classes of answers (complete, evasive, denial), and this report's own rules.",
    compute=compute,
    data=DATA,
)
