"""How much use passes through re-packagers, and whose models do they carry?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import market, repacked

WITHIN = ("as_of", "window_months", "window_start", "basis")
TOP = 30
OTHERS = "(others)"
"""Stands for every intermediary beyond the first thirty; no namespace of the Hub can hold a bracket."""


def compute(flows: Flows) -> Table:
    """Downloads through each intermediary by the country of origin of what it re-packaged."""
    # The Hub has no downloads of a model twice: one row of downloads, with who packed it and where it comes from.
    rows = (
        market(flows)
        .filter(lambda row: row.models > 0)
        .mutate(
            # An all-time window has no start; a key that is null joins nothing.
            window=lambda row: row.window_months.fill_null(0),
        )
    )
    keys = ["as_of", "window", "basis"]
    totals = rows.group_by(keys).aggregate(all_downloads=rows.downloads.sum().cast("int64"))
    packed = repacked(flows).mutate(window=lambda row: row.window_months.fill_null(0))
    of_organisation = packed.group_by([*keys, "publisher_organisation"]).aggregate(
        organisation_downloads=packed.downloads.sum().cast("int64")
    )
    by_size = ibis.window(group_by=keys, order_by=[ibis.desc("organisation_downloads"), "publisher_organisation"])
    placed = of_organisation.mutate(place=(ibis.row_number().over(by_size) + 1).cast("int64")).drop(
        "organisation_downloads"
    )
    kept = packed.inner_join(placed, [*keys, "publisher_organisation"]).mutate(
        organisation=lambda row: ibis.ifelse(row.place <= TOP, row.publisher_organisation, OTHERS),
        rank=lambda row: ibis.ifelse(row.place <= TOP, row.place, ibis.null("int64")),
    )
    cells = kept.group_by([*keys, "window_months", "window_start", "organisation", "origin_country"]).aggregate(
        rank=kept["rank"].min(),
        downloads=kept.downloads.sum().cast("int64"),
        models=kept.models.sum().cast("int64"),
    )
    joined = cells.inner_join(totals, keys)
    whole = ibis.window(group_by=keys)
    summed = joined.mutate(
        packed=joined.downloads.sum().over(whole),
        of_organisation=joined.downloads.sum().over(ibis.window(group_by=[*keys, "organisation"])),
        of_origin=joined.downloads.sum().over(ibis.window(group_by=[*keys, "origin_country"])),
    )
    # Counters that fell can bring a total to nought or below: then there is nothing to take a share of.
    through = ibis.ifelse(summed.packed > 0, summed.packed, ibis.null("int64")).cast("float64")
    everything = ibis.ifelse(summed.all_downloads > 0, summed.all_downloads, ibis.null("int64")).cast("float64")
    return (
        summed.mutate(
            share=summed.downloads / through,
            share_of_all=summed.downloads / everything,
            organisation_share=summed.of_organisation / through,
            origin_share=summed.of_origin / through,
            intermediaries_share=summed.packed / everything,
        )
        .select(*METRIC.columns)
        .order_by(
            [
                "as_of",
                ibis.asc("window_months", nulls_first=False),
                "basis",
                ibis.asc("rank", nulls_first=False),
                ibis.desc("downloads"),
                "origin_country",
            ]
        )
    )


METRIC = Metric(
    id="intermediaries",
    title="Downloads through re-packagers",
    question="How much use passes through re-packagers, and whose models do they carry?",
    definition=(
        "Downloads of the repositories that intermediaries published, by intermediary and by the country in which the "
        "model at the root of each repository's lineage was developed. An intermediary is an organisation that the "
        "registry lists as one that mostly quantises, converts or re-uploads the models of others. The "
        f"first {TOP} of each window by name, the rest together as {OTHERS}."
    ),
    unit="downloads; fraction of downloads",
    columns=(
        *WITHIN,
        "rank",
        "organisation",
        "origin_country",
        "downloads",
        "models",
        "share",
        "share_of_all",
        "organisation_share",
        "origin_share",
        "intermediaries_share",
    ),
    own_columns=(
        ("rank", f"Position of the intermediary by all of its downloads, 1 the largest; empty for {OTHERS}."),
        ("organisation", f"The intermediary, or {OTHERS}."),
        (
            "origin_country",
            "ISO 3166-1 alpha-2 code of the country of the root model's developer, XX for international bodies, "
            "unattributed where lineage and name do not tell.",
        ),
        ("share", "downloads divided by all downloads through intermediaries in the window (0 to 1)."),
        ("share_of_all", "downloads divided by all downloads in the window, unattributed ones included (0 to 1)."),
        ("organisation_share", "The intermediary's share of all downloads through intermediaries, over all origins."),
        ("origin_share", "The origin country's share of all downloads through intermediaries, over all of them."),
        ("intermediaries_share", "All intermediaries' share of all downloads in the window: the same in every row."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "Only intermediaries that the registry lists are counted; a re-packager that it does not know is "
        "unattributed, so the share is a lower bound.",
        "An intermediary counts with all that it published, its few own models included; those are of its own country. "
        "Of an organisation that also develops models, only the namespaces that the registry lists for re-packaging "
        "count.",
        "Every file of a GGUF repository counts as a download, which favours re-packagers over the original.",
        "Where a repository names no base model and its name tells nothing, its origin is unattributed.",
    ),
    source="This report's own; after the two readings of the MIT / Hugging Face study of November 2025.",
    compute=compute,
)
