"""When did one country pass the other, and did it stay ahead?"""

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics import new_model_share_by_country

COUNTRY = "CN"
OTHER_COUNTRY = "US"
SERIES = ("reading", "lens", "window_months", "basis")


def compute(flows: Flows) -> Table:
    """The margin between China and the United States at every report date, and how long the lead has held."""
    by_country = new_model_share_by_country.compute(flows)
    keys = ("as_of", *SERIES, "window_start")

    def share_of(country: str) -> ibis.Value:
        return by_country.share.sum(where=by_country.country == country).fill_null(0.0)

    by_country = by_country.filter(by_country.share.notnull())
    margins = by_country.group_by(list(keys)).aggregate(
        share=share_of(COUNTRY), other_share=share_of(OTHER_COUNTRY), unattributed_share=share_of(UNATTRIBUTED)
    )
    margins = margins.mutate(margin=margins.share - margins.other_share)
    margins = margins.mutate(
        # Where the unattributed counters fell on balance, there is nothing to hand to either side.
        lower=margins.margin - ibis.greatest(margins.unattributed_share, 0.0),
        upper=margins.margin + ibis.greatest(margins.unattributed_share, 0.0),
        leads=margins.margin > 0,
    )
    through_time = ibis.window(group_by=list(SERIES), order_by="as_of")
    turned = margins.mutate(
        turn=(margins.leads != margins.leads.lag().over(through_time)).fill_null(False).cast("int64"),
        first_date=margins.as_of.min().over(ibis.window(group_by=list(SERIES))),
    )
    running = ibis.window(group_by=list(SERIES), order_by="as_of", preceding=None, following=0)
    numbered = turned.mutate(run=turned.turn.sum().over(running))
    in_run = ibis.window(group_by=[*SERIES, "run"], order_by="as_of", preceding=None, following=0)
    return (
        numbered.mutate(
            since=numbered.as_of.min().over(in_run),
            months_held=numbered.as_of.count().over(in_run),
        )
        .mutate(since_start=lambda row: row.since == row.first_date)
        .mutate(country=ibis.literal(COUNTRY), other_country=ibis.literal(OTHER_COUNTRY))
        .select(*METRIC.columns)
        .order_by(["as_of", "lens", "reading", "window_months", "basis"])
    )


METRIC = Metric(
    id="overtake",
    title="Margin between China and the United States",
    question="When did one country pass the other?",
    definition=(
        "The share of new-model downloads of China minus that of the United States at every report date; the "
        "date since which the same of the two has been ahead; and the bounds of the margin if all unattributed "
        "downloads belonged to one side or to the other."
    ),
    unit="fraction of downloads (difference of two shares)",
    columns=(
        "as_of",
        "reading",
        "lens",
        "window_months",
        "window_start",
        "basis",
        "country",
        "other_country",
        "share",
        "other_share",
        "unattributed_share",
        "margin",
        "lower",
        "upper",
        "leads",
        "since",
        "since_start",
        "months_held",
    ),
    own_columns=(
        ("other_country", "The country compared with."),
        ("other_share", "Its share."),
        ("unattributed_share", "Share of the downloads that the registry cannot attribute."),
        ("margin", "share minus other_share."),
        ("lower", "The margin if all unattributed downloads belonged to other_country."),
        ("upper", "The margin if all unattributed downloads belonged to country."),
        ("leads", "Whether country is ahead."),
        ("since", "The first report date of the current run of leads (or of trailing)."),
        ("since_start", "Whether that is the archive's first report date, so that the run may be older."),
        ("months_held", "Number of report dates in the current run."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "A margin whose bounds span zero could be reversed by the downloads that nobody has attributed.",
    ),
    source="After the MIT / Hugging Face study of November 2025; the bounds are this report's own.",
    compute=compute,
)
