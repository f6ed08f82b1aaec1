"""Which families of models does a country's use consist of?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import WITHIN, leading, model_rows
from generator.metric import USUAL_CAVEATS, Metric

TOP = 5


def compute(flows: Flows) -> Table:
    """The five most downloaded families of each country at the newest report date."""
    return leading(model_rows(flows), "country", "family", TOP)


METRIC = Metric(
    id="top-families-by-country",
    title="Families by country",
    question="Which families of models do a country's developers publish?",
    definition=(
        f"The {TOP} most downloaded families among the models of each country's developers at the newest report "
        "date. A family may be another country's: whoever publishes derivatives or copies publishes the families "
        "of their roots."
    ),
    unit="downloads; fraction of the country's downloads",
    columns=(*WITHIN, "country", "rank", "family", "downloads", "models", "share_of_country"),
    own_columns=(("share_of_country", "Fraction of the country's downloads under the same lens (0 to 1)."),),
    caveats=(
        *USUAL_CAVEATS,
        "Lineage is what uploaders declare; a derivative that does not name its base is found by name or not at all.",
    ),
    source="This report's own; the rules are published in families.csv.",
    compute=compute,
)
