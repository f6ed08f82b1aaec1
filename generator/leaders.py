"""Who and what leads within a country or an organisation, in the one window that the pages about them speak of."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metrics.top_families import UNASSIGNED
from generator.selection import BASIS_ORDER
from generator.sums import downloads, holdings, market, organisation_ranks

WITHIN = ("as_of", "lens", "window_months", "window_start", "basis")

ORGANISATIONS = 50
"""How many organisations have a page: the most downloaded publishers at the newest report date."""


def organisation_rows(flows: Flows) -> Table:
    """The holdings of the newest report date, organisation by organisation, in the window that describes it.

    That is the longest window and the best basis that the newest date has figures for, as in
    :func:`generator.selection.newest`.

    Returns:
        The columns of :func:`generator.sums.holdings`.
    """
    return at_newest(flows, holdings(flows)).semi_join(best_window(flows), ["window_months", "basis"])


def model_rows(flows: Flows) -> Table:
    """The same, model by model.

    Returns:
        The columns of :func:`organisation_rows` with model_id, created_on and family (``unassigned`` where none is
        known).
    """
    best = flows.windows.semi_join(best_window(flows), ["window_months", "basis"])
    newest = at_newest(flows, best)
    reaching = flows.closings.semi_join(newest, "window").select("series", "closed").distinct()
    counted = downloads(flows, flows.flows.semi_join(reaching, ["series", "closed"]), newest)
    counted = counted.filter(counted.downloads.notnull()).drop("kind").mutate(models=ibis.literal(1))
    lenses = flows.attribution.lenses
    return counted.inner_join(lenses.mutate(family=lenses.family.fill_null(UNASSIGNED)), "model")


def best_window(flows: Flows) -> Table:
    """window_months and basis of the longest window and, of several, the best basis that the newest date has."""
    there = at_newest(flows, market(flows))
    there = there.filter((there.models > 0) & there.window_months.notnull())
    order = ibis.cases(
        *((there.basis == basis, place) for place, basis in enumerate(BASIS_ORDER)), else_=len(BASIS_ORDER)
    )
    return (
        there.select("window_months", "basis", order=order)
        .distinct()
        .order_by([ibis.desc("window_months"), ibis.asc("order")])
        .limit(1)
        .select("window_months", "basis")
    )


def at_newest(flows: Flows, rows: Table) -> Table:
    """The rows of the newest report date."""
    return rows.filter(rows.as_of == ibis.literal(flows.data.report_dates[-1]))


def organisations(flows: Flows) -> Table:
    """The most downloaded publishers of the newest report date.

    Returns:
        body (by which ``Attribution.owners`` numbers them) and organisation; at most :data:`ORGANISATIONS` rows.
    """
    placed = at_newest(flows, organisation_ranks(flows).semi_join(best_window(flows), ["window_months", "basis"]))
    first = placed.filter((placed.lens == "publisher") & (placed["rank"] <= ORGANISATIONS))
    owners = flows.attribution.owners
    return first.inner_join(owners, ["lens", "owner"]).select("body", "organisation")


def leading(rows: Table, group: str, of: str, top: int, attributes: Sequence[str] = ()) -> Table:
    """The most downloaded models, families or organisations within each country or organisation.

    Args:
        rows: some of :func:`organisation_rows` or :func:`model_rows`.
        group: ``country`` or ``organisation``; each is ranked by itself.
        of: the column to rank; what has no downloads is left out.
        top: how many ranks to keep.
        attributes: columns that depend on ``of`` alone and are carried along.

    Returns:
        :data:`WITHIN`, the group, rank, ``of``, ``attributes``, downloads, models and ``share_of_<group>`` (of the
        group's downloads; null where these are not above nought), in the order of rank.
    """
    keys = [*WITHIN, group]
    summed = rows.group_by([*keys, of]).aggregate(
        downloads=rows.downloads.sum().cast("int64"),
        models=rows.models.sum().cast("int64"),
        **{name: rows[name].min() for name in attributes},
    )
    by_size = ibis.window(group_by=keys, order_by=[ibis.desc("downloads"), ibis.asc(of)])
    ranked = summed.mutate(
        total=summed.downloads.sum().over(ibis.window(group_by=keys)),
        rank=(ibis.row_number().over(by_size) + 1).cast("int64"),
    )
    total = ibis.ifelse(ranked.total > 0, ranked.total, ibis.null("int64")).cast("float64")
    return (
        ranked.mutate(**{f"share_of_{group}": ranked.downloads / total})
        .filter((ranked["rank"] <= top) & (ranked.downloads > 0))
        .select(*keys, "rank", of, *attributes, "downloads", "models", f"share_of_{group}")
        .order_by(["as_of", "lens", group, "rank"])
    )
