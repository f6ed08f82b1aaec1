"""What share of the organisations that build open models is no company?"""

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics.institutions import CAVEATS, COUNT_COLUMNS, DEFINITION, counted, turnover

COMPANIES = ("company",)
INSTITUTES = ("academia", "government", "non-profit")
"""What an independent institute may be: an organisation with a name and a seat that is no business."""
OTHERS = ("community", "individual")

ALL = "all"
NOT_COMPANY = "not-company"
ORGANISED = "not-individual"
ORGANISED_NOT_COMPANY = "not-company-or-individual"
INSTITUTE = "institute"

GROUPS: dict[str, tuple[str, ...]] = {
    ALL: (*COMPANIES, *INSTITUTES, *OTHERS),
    NOT_COMPANY: (*INSTITUTES, *OTHERS),
    ORGANISED: (*COMPANIES, *INSTITUTES, "community"),
    ORGANISED_NOT_COMPANY: (*INSTITUTES, "community"),
    INSTITUTE: INSTITUTES,
}
"""Sectors taken together, beside each alone. Individuals are no organisations, hence the groups without them."""

WITHOUT_INDIVIDUALS = (*GROUPS[ORGANISED], *(name for name, sectors in GROUPS.items() if "individual" not in sectors))
"""The sectors and groups that have a share among organisations but individuals."""


def compute(flows: Flows) -> Table:
    """Active organisations by sector, and by groups of sectors, at every report date."""
    rows = turnover(flows)
    sectors = rows.mutate(level=ibis.literal("sector"))
    members = ibis.memtable(
        pd.DataFrame(
            [(sector, group) for group, sectors in GROUPS.items() for sector in sectors], columns=["sector", "group"]
        )
    )
    grouped = rows.inner_join(members, "sector").mutate(level=ibis.literal("group"))
    grouped = grouped.drop("sector").rename(sector="group").select(*sectors.columns)
    by = ["as_of", "level", "sector"]
    cells = ibis.union(counted(sectors, by, rows), counted(grouped, by, rows))
    places = rows.filter(rows.active & ~rows.country.isin([UNATTRIBUTED, INTERNATIONAL]))
    spread = ibis.union(
        *(
            table.semi_join(places, ["as_of", "organisation", "country"])
            .filter(lambda row: row.active)
            .group_by(by)
            .aggregate(countries=lambda row: row.country.nunique())
            for table in (sectors, grouped)
        )
    )
    organised = cells.filter(cells.sector == ORGANISED).select("as_of", total=cells.active)
    spanned = cells.left_join(spread, by).select(*cells.columns, countries=lambda row: row.countries.fill_null(0))
    joined = spanned.left_join(organised, "as_of").select(*spanned.columns, "total")
    whole = ibis.ifelse(joined.sector.isin(WITHOUT_INDIVIDUALS) & (joined.total > 0), joined.total, ibis.null("int64"))
    ranked = (joined.level == "sector") & (joined.sector != UNATTRIBUTED)
    by_size = ibis.window(group_by=["as_of", ranked], order_by=[ibis.desc("active"), "sector"])
    return (
        joined.mutate(
            share_of_organised=joined.active / whole.cast("float64"),
            rank=ibis.ifelse(ranked, (ibis.row_number().over(by_size) + 1).cast("int64"), ibis.null("int64")),
        )
        .select(*METRIC.columns)
        .order_by(["as_of", ibis.desc("level"), ibis.asc("rank", nulls_first=False), "sector"])
    )


METRIC = Metric(
    id="institutions-by-sector",
    title="Active organisations by sector",
    question="What share of the organisations that build open models is no company?",
    definition=(
        f"{DEFINITION} At level sector, each sector by itself; at level group, several together: all six ({ALL}); all "
        f"but companies ({NOT_COMPANY}); the same two without individuals, who are no organisations ({ORGANISED}, "
        f"{ORGANISED_NOT_COMPANY}); and academia, government and non-profit ({INSTITUTE}). Groups overlap: do not add "
        "them up."
    ),
    unit="organisations; fraction of organisations",
    columns=(
        "as_of",
        "level",
        "sector",
        "active",
        "countries",
        "share_of_active",
        "share_of_organised",
        "entrants",
        "exits",
        "rank",
    ),
    own_columns=(
        ("level", "sector: one sector; group: several together."),
        ("sector", f"The sector, unattributed included; at level group {', '.join(GROUPS)}."),
        *COUNT_COLUMNS,
        ("countries", "Countries that they come from, international bodies and unattributed ones left out."),
        (
            "share_of_organised",
            "active divided by all active organisations of the registry but individuals (0 to 1); empty for rows with "
            "individuals in them.",
        ),
        ("rank", "Position of a sector by active, 1 the most; empty for groups and unattributed."),
    ),
    caveats=CAVEATS,
    source=(
        "The thin field of independent institutes was a statement in interviews, without a published table; the "
        "definition is this report's own."
    ),
    compute=compute,
)
