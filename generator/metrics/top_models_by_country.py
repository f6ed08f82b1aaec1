"""Which models carry a country?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import WITHIN, leading, model_rows
from generator.metric import USUAL_CAVEATS, Metric

TOP = 10


def compute(flows: Flows) -> Table:
    """The ten most downloaded models of each country at the newest report date."""
    return leading(model_rows(flows), "country", "model_id", TOP, ("organisation", "created_on", "family")).drop(
        "models"
    )


METRIC = Metric(
    id="top-models-by-country",
    title="Most downloaded models by country",
    question="Which models carry a country?",
    definition=(
        f"The {TOP} most downloaded models of each country's developers at the newest report date. Under the origin "
        "lens a derivative counts for the country of the developer of its root model. Models without downloads "
        "are left out."
    ),
    unit="downloads; fraction of the country's downloads",
    columns=(
        *WITHIN,
        "country",
        "rank",
        "model_id",
        "organisation",
        "created_on",
        "family",
        "downloads",
        "share_of_country",
    ),
    own_columns=(
        ("model_id", "The model's repository, namespace/name."),
        ("created_on", "Date of the repository's creation; empty where the Hub does not tell it."),
        ("share_of_country", "Fraction of the country's downloads under the same lens (0 to 1)."),
    ),
    caveats=USUAL_CAVEATS,
    source="This report's own.",
    compute=compute,
)
