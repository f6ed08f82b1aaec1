"""Who is behind a country's share?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import WITHIN, leading, organisation_rows
from generator.metric import USUAL_CAVEATS, Metric

TOP = 20


def compute(flows: Flows) -> Table:
    """The twenty most downloaded organisations of each country at the newest report date."""
    return leading(organisation_rows(flows), "country", "organisation", TOP, ("sector",))


METRIC = Metric(
    id="top-organisations-by-country",
    title="Most downloaded organisations by country",
    question="Who is behind a country's share?",
    definition=(
        f"The {TOP} most downloaded organisations of each country at the newest report date, with the number of "
        "their downloaded models. Under the origin lens a derivative counts for the developer of its root model."
    ),
    unit="downloads; fraction of the country's downloads",
    columns=(*WITHIN, "country", "rank", "organisation", "sector", "downloads", "models", "share_of_country"),
    own_columns=(("share_of_country", "Fraction of the country's downloads under the same lens (0 to 1)."),),
    caveats=(
        *USUAL_CAVEATS,
        "A namespace that the registry does not know stands for itself, though its owner may have others.",
    ),
    source="This report's own.",
    compute=compute,
)
