"""How far do two judges of the same answers agree?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.political_sensitivity import CAVEATS, DATA, QUESTION_COLUMNS
from generator.probe import tables

KEYS = ("source", "judge", "other_judge", "about", "language")


def compute(flows: Flows) -> Table:
    """Agreement of each two judges; the archive plays no part in it."""
    return tables.as_table(tables.agreement(flows.probe)[list(METRIC.columns)]).order_by(list(KEYS))


METRIC = Metric(
    id="political-sensitivity-agreement",
    title="Agreement of the judges",
    question="How far do two judges of the same answers agree?",
    definition=(
        "The share of answers on which two judges give the same verdict out of answered, evasion and refusal, and "
        "Cohen's kappa: how far this goes beyond the agreement that chance alone would bring, from 0 (not at all) to 1 "
        "(full agreement). Answers that either judge set aside are left out."
    ),
    unit="fraction of answers; kappa",
    columns=(
        "source",
        "judge",
        "other_judge",
        "about",
        "language",
        "answers",
        "agreed_share",
        "kappa",
        "set_aside",
    ),
    own_columns=(
        *(column for column in QUESTION_COLUMNS if column[0] != "model"),
        ("other_judge", "The judge that it is compared with."),
        ("answers", "Number of answers that both judged."),
        ("agreed_share", "Fraction of them with the same verdict from both."),
        ("kappa", "Cohen's kappa; empty where both gave one and the same verdict to everything."),
        ("set_aside", "Number of answers that either judge set aside."),
    ),
    caveats=CAVEATS,
    source="Cohen (1960), A Coefficient of Agreement for Nominal Scales.",
    compute=compute,
    data=DATA,
)
