"""Whose new models are small, quantised, mixtures of experts or distilled?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.efficiency import SHARE_COLUMNS, SHARE_DESCRIPTIONS, SIZE_CAVEATS, new_by_size, summary
from generator.shares import shares
from generator.sums import by_lens

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")


def compute(flows: Flows) -> Table:
    """What each country's new models are like, at every report date and under both lenses."""
    models = by_lens(new_by_size(flows))
    summed = summary(models, (*WITHIN, "country"))
    # One row a country for each window, so the keys that are never null are enough to join by.
    keys = ["as_of", "lens", "window_months", "basis", "country"]
    traits = summed.select(*keys, *SHARE_COLUMNS)
    return (
        shares(models, WITHIN, "country")
        .inner_join(traits, keys)
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"])
    )


METRIC = Metric(
    id="efficiency-by-country",
    title="Size and efficiency of new models by country",
    question="Which country's models are small and cheap to run?",
    definition=(
        "As efficiency, for the new models of each country: its share of all downloads of new models, and of its own "
        "downloads the fractions by size and kind. Unattributed models have a row like any country."
    ),
    unit="fraction of downloads; parameters",
    columns=(*WITHIN, "rank", "country", "downloads", "models", "share", *SHARE_COLUMNS),
    own_columns=SHARE_DESCRIPTIONS,
    caveats=(*USUAL_CAVEATS, *SIZE_CAVEATS),
    source="This report's own, on the terms of efficiency.",
    compute=compute,
)
