"""Whose new models lead in text, images, video and sound?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.modality import MODALITY_CAVEATS, RULES, new_by_modality
from generator.shares import shares
from generator.sums import by_lens

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of new models within each modality, under both lenses."""
    rows = by_lens(new_by_modality(flows))
    return (
        shares(rows, (*WITHIN, "modality"), "country")
        .select(*METRIC.columns)
        .order_by(
            ["as_of", "lens", "window_months", "basis", "modality", ibis.asc("rank", nulls_first=False), "country"]
        )
    )


METRIC = Metric(
    id="modality-by-country",
    title="New models by modality and country",
    question="Which country leads in text, in images, in video, in sound?",
    definition=(
        "Downloads of the models created in the 365 days up to as_of, by the developer's country, divided by those of "
        f"all such models of the same modality, unattributed ones included. {RULES} A derivative keeps its own "
        "modality under both lenses; under the origin lens it counts for the country of its root model."
    ),
    unit="fraction of the modality's downloads",
    columns=(*WITHIN, "modality", "rank", "country", "downloads", "models", "share", "lower", "upper"),
    own_columns=(
        ("modality", "Group of tasks, or unknown; the groups are described under modality."),
        ("share", "Fraction of the downloads of the modality's new models, unattributed ones included (0 to 1)."),
    ),
    caveats=(*USUAL_CAVEATS, *MODALITY_CAVEATS),
    source="This report's own, on the terms of modality.",
    compute=compute,
)
