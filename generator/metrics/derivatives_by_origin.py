"""From which country come the models that others build upon, month by month?"""

from collections.abc import Sequence
from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED, lineage
from generator.dataset import CREATION_FLOOR
from generator.flows import Flows
from generator.metric import Metric
from generator.shares import UNRANKED
from generator.windows import WINDOW_MONTHS

KEYS = ("month", "window_months", "complete")
SILENCE_DAYS = 14
"""The Hub gains models every day: a month in whose last days the data hold none is not wholly in them."""

COLUMNS: tuple[tuple[str, str], ...] = (
    ("month", "First day of the month; of the last month, where the window has twelve."),
    ("window_months", "1: created in that month; 12: created in the twelve months that end with it."),
    (
        "complete",
        "Whether the data hold the whole window: its last month is over and no part of it lies at or before the Hub's "
        "oldest creation date.",
    ),
    ("rank", "Position by derivatives, 1 the most; empty for what is no country or no family."),
    ("derivatives", "Number of models created in the window that name a base model."),
    ("total", "Number of all derivatives created in the window."),
    ("share", "Fraction of all derivatives created in the window, unattributed ones included (0 to 1)."),
)

CAVEATS = (
    "A derivative is a model whose uploader declares a base model; what was built upon another without saying so is "
    "not counted.",
    "Only models that a snapshot has seen are counted: a derivative deleted before is missing, one renamed since "
    "counts under both names, and a selection by downloads misses most young ones.",
    "Repositories that carry the Hub's oldest creation date are older than it says; they are left out.",
)


def compute(flows: Flows) -> Table:
    """New derivatives by the country of the developer at the root, with what the unattributed could add."""
    counted = monthly(new_derivatives(flows).rename(country="origin_country"), flows, "country", UNRANKED)
    loose = counted.country == UNATTRIBUTED
    rest = ibis.ifelse(loose, counted.share, 0.0).sum().over(ibis.window(group_by=list(KEYS)))
    return counted.mutate(
        lower=ibis.ifelse(loose, 0.0, counted.share), upper=ibis.ifelse(loose, counted.share, counted.share + rest)
    ).order_by(order("country"))


def new_derivatives(flows: Flows) -> Table:
    """Every model that names a base model and whose day of creation is known.

    Returns:
        The columns of ``Attribution.models`` and ``relation`` (null where none is declared).
    """
    models = flows.attribution.models
    children = lineage.edges(flows.data.models).select("model_id").distinct()
    relations = flows.data.models.select("model_id", relation="base_relation")
    return models.semi_join(children, "model_id").inner_join(relations, "model_id").filter(models.created_on.notnull())


def monthly(derivatives: Table, flows: Flows, of: str, unranked: Sequence[str]) -> Table:
    """Count derivatives by a column, for every month and every twelve months.

    Args:
        derivatives: with created_on and the column ``of``.
        flows: tell the report dates and the newest day on which a model was created.
        of: the column whose values share them out.
        unranked: values that take no rank.

    Returns:
        month, window_months, complete, rank, ``of``, derivatives, total, share; no row where there are none.
    """
    newest_report = max(flows.data.report_dates)
    calendar = ibis.memtable(windows_until(newest_report))
    dates = {name: calendar[name].cast("date") for name in ("month", "opens", "ends")}
    calendar = calendar.select(window_months=calendar.window_months, over=calendar.over, **dates)
    born = flows.attribution.models.created_on
    newest = flows.attribution.models.aggregate(newest_creation=born.max(where=born <= ibis.literal(newest_report)))
    known = derivatives.filter(derivatives.created_on <= ibis.literal(newest_report))
    counted = known.group_by(born=known.created_on.truncate("M"), **{of: known[of]}).aggregate(
        derivatives=known.count()
    )
    joined = counted.inner_join(calendar, [counted.born >= calendar.opens, counted.born <= calendar.month])
    joined = joined.cross_join(newest)
    summed = joined.group_by(
        month=joined.month,
        window_months=joined.window_months.cast("int64"),
        complete=joined.over
        & (joined.newest_creation.delta(joined.ends, unit="day") >= -SILENCE_DAYS).fill_null(False),
        **{of: joined[of]},
    ).aggregate(derivatives=joined.derivatives.sum().cast("int64"))
    unnamed = summed[of].isin(list(unranked))
    place = ibis.row_number().over(
        ibis.window(group_by=[*KEYS, unnamed], order_by=[ibis.desc("derivatives"), ibis.asc(of)])
    )
    whole = summed.derivatives.sum().over(ibis.window(group_by=list(KEYS)))
    return summed.select(
        *KEYS,
        of,
        "derivatives",
        rank=ibis.ifelse(unnamed, ibis.null("int64"), place.cast("int64") + 1),
        total=whole.cast("int64"),
        share=summed.derivatives / whole.cast("float64"),
    )


def windows_until(newest_report: date) -> pd.DataFrame:
    """The months from the Hub's oldest creation date to a report date, alone and as ends of twelve.

    Returns:
        month, opens (the window's first month), ends (its last day): timestamps; window_months; over (the window
        begins after the month of the oldest creation date and had ended by the report date).
    """
    oldest = pd.Timestamp(CREATION_FLOOR).to_period("M")
    rows = []
    for month in pd.period_range(oldest, pd.Timestamp(newest_report).to_period("M"), freq="M"):
        ends = (month.to_timestamp() + pd.offsets.MonthEnd(0)).date()
        for months in WINDOW_MONTHS:
            opens = month - (months - 1)
            over = opens > oldest and ends <= newest_report
            rows.append((month.to_timestamp(), opens.to_timestamp(), ends, months, over))
    frame = pd.DataFrame(rows, columns=["month", "opens", "ends", "window_months", "over"])
    dates = dict.fromkeys(("month", "opens", "ends"), "datetime64[s]")
    return frame.astype({**dates, "window_months": "int64", "over": "bool"})


def order(of: str) -> list[ibis.Value]:
    """How the rows of these tables are sorted."""
    return [ibis.asc("month"), ibis.asc("window_months"), ibis.asc("rank", nulls_first=False), ibis.asc(of)]


METRIC = Metric(
    id="derivatives-by-origin",
    title="New derivatives by origin",
    question="Whose models do others build upon?",
    definition=(
        "Models that name a base model, by the month of their creation and the country of the developer at the root "
        "of their lineage; for each month and for the twelve months that end with it. A merge whose roots come from "
        "different countries is unattributed."
    ),
    unit="models; fraction of new derivatives",
    columns=(*KEYS, "rank", "country", "derivatives", "total", "share", "lower", "upper"),
    own_columns=COLUMNS,
    caveats=(
        *CAVEATS,
        "The country is that of the developer of the root model, not of whoever built upon it and not of any user.",
    ),
    source="This report's own; the same question as the derivatives' chapter of the ATOM Report (April 2026).",
    compute=compute,
)
