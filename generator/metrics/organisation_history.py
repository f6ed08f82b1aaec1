"""How did the organisations that lead today come to lead?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.leaders import ORGANISATIONS, WITHIN, organisations, window_rows
from generator.metric import USUAL_CAVEATS, Metric


def compute(flows: Flows) -> Table:
    """Share and rank at every report date of the organisations that lead at the newest."""
    rows = window_rows(flows)
    summed = rows.group_by([*WITHIN, "organisation"]).aggregate(
        country=rows.country.min(),
        sector=rows.sector.min(),
        downloads=rows.downloads.sum().cast("int64"),
        models=rows.models.sum().cast("int64"),
    )
    by_size = ibis.window(group_by=list(WITHIN), order_by=[ibis.desc("downloads"), ibis.asc("organisation")])
    ranked = summed.mutate(
        total=summed.downloads.sum().over(ibis.window(group_by=list(WITHIN))).cast("float64"),
        rank=(ibis.row_number().over(by_size) + 1).cast("int64"),
    )
    return (
        ranked.mutate(share=ranked.downloads / ibis.ifelse(ranked.total > 0, ranked.total, ibis.null("float64")))
        .semi_join(organisations(flows, rows), "organisation")
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", "rank"])
    )


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
