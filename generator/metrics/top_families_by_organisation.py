"""Which families of models does an organisation publish, and which are built on its own?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import ORGANISATIONS, WITHIN, leading, model_rows, organisations
from generator.metric import USUAL_CAVEATS, Metric

TOP = 5


def compute(flows: Flows) -> Table:
    """The five most downloaded families of each leading organisation at the newest report date."""
    theirs = model_rows(flows).semi_join(organisations(flows), "organisation")
    return leading(theirs, "organisation", "family", TOP)


METRIC = Metric(
    id="top-families-by-organisation",
    title="Families of the leading organisations",
    question="Which families of models does an organisation publish?",
    definition=(
        f"The {TOP} most downloaded families among the models of each of the {ORGANISATIONS} organisations that "
        "lead at the newest report date as publishers, at that date only. A family may be another developer's: an "
        "organisation that publishes derivatives or copies publishes the families of their roots."
    ),
    unit="downloads; fraction of the organisation's downloads",
    columns=(*WITHIN, "organisation", "rank", "family", "downloads", "models", "share_of_organisation"),
    own_columns=(("share_of_organisation", "Fraction of the organisation's downloads under the same lens (0 to 1)."),),
    caveats=(
        *USUAL_CAVEATS,
        "Lineage is what uploaders declare; a derivative that does not name its base is found by name or not at all.",
    ),
    source="This report's own; the rules are published in families.csv.",
    compute=compute,
)
