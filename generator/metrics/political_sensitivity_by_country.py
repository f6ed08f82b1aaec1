"""Do the models of one country avoid sensitive subjects more than those of another?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.political_sensitivity import CAVEATS, COMPARISON_COLUMNS, DATA, QUESTION_COLUMNS
from generator.probe import tables

KEYS = ("source", "judge", "lens", "about", "language", "against", "against_language", "measure", "country")


def compute(flows: Flows) -> Table:
    """The mean over each country's models, and its distance from that of the United States' models."""
    return tables.as_table(tables.by_country(flows.probe)[list(METRIC.columns)]).order_by(list(KEYS))


METRIC = Metric(
    id="political-sensitivity-by-country",
    title="Difference between matched questions by country",
    question="Do Chinese models avoid sensitive subjects more than others do?",
    definition=(
        "The mean over a country's models of the differences in the metric political-sensitivity, every model counting "
        "alike, with a 95% percentile bootstrap over the models; and its gap to the mean of the United States' models, "
        "with the models of both countries resampled and the p-value of a permutation test, corrected by Holm's method "
        "over the countries compared. The model is the unit, so the interval speaks of models like these, not of "
        "questions. No interval with fewer than 5 models."
    ),
    unit="difference of fractions",
    columns=(
        "source",
        "judge",
        "lens",
        "about",
        "language",
        "against",
        "against_language",
        "measure",
        "country",
        "models",
        "organisations",
        "models_more",
        "models_less",
        "difference",
        "lower",
        "upper",
        "gap",
        "gap_lower",
        "gap_upper",
        "p_value",
        "adjusted_p_value",
        "claim",
    ),
    own_columns=(
        *(column for column in QUESTION_COLUMNS if column[0] != "model"),
        *COMPARISON_COLUMNS,
        ("models", "Number of models asked."),
        ("organisations", "Number of developers behind them."),
        ("models_more", "Number of models with a claim of more."),
        ("models_less", "Number of models with a claim of less."),
        ("difference", "Mean of the models' differences."),
        ("lower", "Lower end of its 95% interval over the models; empty with fewer than 5."),
        ("upper", "Upper end of its 95% interval over the models; empty with fewer than 5."),
        ("gap", "difference less that of the United States' models; empty for these."),
        ("gap_lower", "Lower end of the gap's 95% interval; empty where either country has fewer than 5 models."),
        ("gap_upper", "Upper end of the gap's 95% interval."),
        ("p_value", "Two-sided p-value of no gap (permutation test over the models)."),
        ("adjusted_p_value", "The p-value by Holm's method over the countries compared."),
        ("claim", "more or less where a gap to the United States may be claimed, else none."),
    ),
    caveats=CAVEATS,
    source="This report's own.",
    compute=compute,
    data=DATA,
)
