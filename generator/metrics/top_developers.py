"""Which organisations' models are downloaded most?"""

from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.shares import CHANGES, changed
from generator.sums import named, organisation_ranks

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")
TOP = 50


def compute(flows: Flows) -> Table:
    """The fifty most downloaded organisations at every report date."""
    everyone = organisation_ranks(flows)
    ever = everyone.filter(everyone["rank"] <= TOP).select("lens", "body").distinct()
    # There are as many organisations and windows as there are downloads; the leaders are few.
    leaders = changed(everyone.semi_join(ever, ["lens", "body"]), WITHIN, "body", TOP)
    return named(flows, leaders).select(*METRIC.columns).order_by(["as_of", "lens", "window_months", "basis", "rank"])


METRIC = Metric(
    id="top-developers",
    title="Most downloaded developers",
    question="Which organisations lead?",
    definition=(
        f"Organisations by the downloads of all their namespaces together, the first {TOP} at every report date, "
        "with their share of all downloads and the change since the report date before. Under the origin lens "
        "a derivative counts for the developer of its root model."
    ),
    unit="downloads; fraction of downloads",
    columns=(
        *WITHIN,
        "rank",
        "organisation",
        "country",
        "sector",
        "downloads",
        "models",
        *CHANGES,
    ),
    own_columns=(
        ("previous_share", "The share at the report date before; empty where there is none."),
        ("share_change", "share minus previous_share."),
        ("rank_change", "Places gained since the report date before (negative: lost)."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "A namespace that the registry does not know stands for itself, though its owner may have others.",
        "(mixed lineage) gathers merges whose roots belong to different organisations, (unknown origin) the "
        "re-packaged models that do not say what they were made from.",
    ),
    source="After the MIT / Hugging Face study of November 2025, which named DeepSeek and Qwen.",
    compute=compute,
)
