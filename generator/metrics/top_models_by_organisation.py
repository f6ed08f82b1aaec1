"""Which models carry an organisation?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import ORGANISATIONS, WITHIN, leading, model_rows, organisations
from generator.metric import USUAL_CAVEATS, Metric

TOP = 10


def compute(flows: Flows) -> Table:
    """The ten most downloaded models of each leading organisation at the newest report date."""
    theirs = model_rows(flows).semi_join(organisations(flows), "organisation")
    return leading(theirs, "organisation", "model_id", TOP, ("created_on", "family")).drop("models")


METRIC = Metric(
    id="top-models-by-organisation",
    title="Most downloaded models of the leading organisations",
    question="Which models carry an organisation?",
    definition=(
        f"The {TOP} most downloaded models of each of the {ORGANISATIONS} organisations that lead at the newest "
        "report date as publishers, at that date only. Under the origin lens a derivative that somebody else "
        "published counts for the developer of its root model. Models without downloads are left out."
    ),
    unit="downloads; fraction of the organisation's downloads",
    columns=(
        *WITHIN,
        "organisation",
        "rank",
        "model_id",
        "created_on",
        "family",
        "downloads",
        "share_of_organisation",
    ),
    own_columns=(
        ("model_id", "The model's repository, namespace/name."),
        ("created_on", "Date of the repository's creation; empty where the Hub does not tell it."),
        ("share_of_organisation", "Fraction of the organisation's downloads under the same lens (0 to 1)."),
    ),
    caveats=USUAL_CAVEATS,
    source="This report's own.",
    compute=compute,
)
