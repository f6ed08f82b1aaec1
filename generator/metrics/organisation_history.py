"""How did the organisations that lead today come to lead?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import ORGANISATIONS, WITHIN, best_window, organisations
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import named, organisation_ranks


def compute(flows: Flows) -> Table:
    """Share and rank at every report date of the organisations that lead at the newest."""
    ranked = organisation_ranks(flows).semi_join(best_window(flows), ["window_months", "basis"])
    followed = ranked.semi_join(organisations(flows), "body")
    return named(flows, followed).select(*METRIC.columns).order_by(["as_of", "lens", "rank"])


METRIC = Metric(
    id="organisation-history",
    title="History of the leading organisations",
    question="How did the organisations that lead today come to lead?",
    definition=(
        f"The {ORGANISATIONS} organisations that lead at the newest report date by the downloads of what they "
        "published, followed through every report date and under both lenses, in the longest window and on the "
        "best basis that the newest date has figures for. An organisation without models at a date has no row for it."
    ),
    unit="downloads; fraction of downloads",
    columns=(*WITHIN, "rank", "organisation", "country", "sector", "downloads", "models", "share"),
    caveats=(
        *USUAL_CAVEATS,
        "Who led earlier and no longer does is not here: top-developers has the leaders of every date.",
        "A namespace that the registry does not know stands for itself, though its owner may have others.",
    ),
    source="This report's own.",
    compute=compute,
)
