"""What is the headline share without the models whose counters surged?"""

import ibis
from ibis.expr.types import Table

from generator.events import EARLIER_FLOWS, SURGE_FACTOR, events
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.new_model_share_by_country import READINGS, WITHIN, both_readings
from generator.shares import shares
from generator.sums import by_lens, downloads


def compute(flows: Flows) -> Table:
    """Each country's share of the downloads of new models, with and without the models that surged in the window."""
    rows = both_readings(flows)
    keys = [*WITHIN, "country"]
    headline = shares(rows, WITHIN, "country")
    found = events(flows)
    surges = found.filter(found.event == "surge").select("model", surged_at="as_of")
    windows = headline.select("as_of", "window_months", "window_start", "basis").distinct()
    in_window = (
        windows.join(surges, (surges.surged_at > windows.window_start) & (surges.surged_at <= windows.as_of))
        .select("as_of", "window_months", "basis", "model")
        .distinct()
    )
    # Few models surge, so theirs are added up and taken from the headline, which is added up already.
    theirs = downloads(flows, flows.flows.semi_join(surges, "model"), flows.windows)
    surged = theirs.semi_join(in_window, ["as_of", "window_months", "basis", "model"])
    owned = by_lens(surged.inner_join(flows.attribution.kinds, "kind"))
    read = ibis.union(
        *(
            owned.mutate(reading=ibis.literal(reading), taken=owned[f"{of}_downloads"]).select(*keys, "taken")
            for reading, of in READINGS.items()
        )
    ).filter(lambda row: row.taken.notnull())
    taken = read.group_by(keys).aggregate(surging_models=read.count(), surging_downloads=read.taken.sum().cast("int64"))
    both = headline.left_join(taken, keys).select(
        *keys,
        "rank",
        "downloads",
        "share",
        surging_models=lambda row: row.surging_models.fill_null(0),
        surging_downloads=lambda row: row.surging_downloads.fill_null(0),
    )
    left = both.downloads - both.surging_downloads
    total = left.sum().over(ibis.window(group_by=list(WITHIN)))
    return (
        both.mutate(share_without=left / ibis.ifelse(total > 0, total, ibis.null("int64")).cast("float64"))
        .mutate(change=lambda row: row.share_without - row.share)
        .select(*METRIC.columns)
        .order_by(
            ["as_of", "lens", "reading", "window_months", "basis", ibis.asc("rank", nulls_first=False), "country"]
        )
    )


METRIC = Metric(
    id="new-model-share-without-surges",
    title="Share of new-model downloads by country, with and without surges",
    question="What is the headline share without the models whose counters surged?",
    definition=(
        "The shares of new-model-share-by-country beside the same shares without the models that surged within the "
        f"window: whose downloads a day, between two report dates, were at least {SURGE_FACTOR} times the median of "
        f"their own earlier flows, of which there are at least {EARLIER_FLOWS}. A model that surged is left out with "
        "all its downloads of the window."
    ),
    unit="fraction of downloads",
    columns=(
        *WITHIN,
        "rank",
        "country",
        "downloads",
        "share",
        "surging_models",
        "surging_downloads",
        "share_without",
        "change",
    ),
    own_columns=(
        ("surging_models", "Models of the country that surged within the window."),
        ("surging_downloads", "Their downloads in the window."),
        ("share_without", "The share without them, of a total without all surging models."),
        ("change", "share_without minus share."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "A surge is a fact about the counter. It may be success, a mirror, or a machine in a loop; that a share "
        "differs without it does not make the share wrong.",
        "A model's first two flows cannot be surges, since nothing is usual for it yet.",
    ),
    source="This report's own.",
    compute=compute,
)
