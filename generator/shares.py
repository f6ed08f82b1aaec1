"""Shares with their bounds: the arithmetic that every share metric has in common."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import Table

from generator.attribution import UNATTRIBUTED
from generator.attribution.registry import INTERNATIONAL

UNRANKED = (UNATTRIBUTED, INTERNATIONAL)


def shares(rows: Table, within: Sequence[str], of: str) -> Table:
    """Add up downloads and divide them by the total of their window.

    Args:
        rows: with the columns ``within``, ``of``, downloads and models (how many they belong to).
        within: columns that identify one distribution; shares sum to 1 in each.
        of: the column whose values share it out (``country``, ``sector``, …).

    Returns:
        ``within``, ``of``, downloads, models, share, lower, upper and rank. Where a window's total is not above
        zero the shares are null. ``unattributed`` and ``XX`` carry no rank; for ``unattributed`` itself the
        lower bound is 0, since all of it may belong elsewhere.
    """
    summed = rows.group_by([*within, of]).aggregate(
        downloads=rows.downloads.sum().cast("int64"), models=rows.models.sum().cast("int64")
    )
    whole = ibis.window(group_by=list(within))
    is_unattributed = summed[of] == UNATTRIBUTED
    ranked = ~summed[of].isin(UNRANKED)
    totalled = summed.mutate(
        total=summed.downloads.sum().over(whole),
        unattributed=ibis.ifelse(is_unattributed, summed.downloads, 0).sum().over(whole),
        position=ibis.row_number().over(
            ibis.window(group_by=[*within, ranked], order_by=[ibis.desc("downloads"), ibis.asc(of)])
        )
        + 1,
    )
    total = ibis.ifelse(totalled.total > 0, totalled.total, ibis.null("int64")).cast("float64")
    share = totalled.downloads / total
    # Counters that fell can make the unattributed downloads negative: then all of them would lower a share.
    unattributed_share = totalled.unattributed / total
    lowering = (unattributed_share - unattributed_share.abs()) / 2
    raising = (unattributed_share + unattributed_share.abs()) / 2
    none_of_it = totalled[of] == UNATTRIBUTED
    return totalled.select(
        *within,
        of,
        "downloads",
        "models",
        share=share,
        lower=ibis.ifelse(none_of_it, lowering, share + lowering),
        upper=ibis.ifelse(none_of_it, raising, share + raising),
        rank=ibis.ifelse(totalled[of].isin(UNRANKED), ibis.null("int64"), totalled.position.cast("int64")),
    )


def ranking(rows: Table, within: Sequence[str], of: str, top: int, attributes: Sequence[str] = ()) -> Table:
    """The largest by downloads in each window, with their change since the window's predecessor.

    Args:
        rows: with the columns ``within`` (``as_of`` among them), ``of``, ``attributes``, downloads and models.
        within: columns that identify one distribution.
        of: the column to rank (``organisation``, ``family``).
        top: how many ranks to keep.
        attributes: columns that depend on ``of`` alone and are carried along.

    Returns:
        ``within``, rank, ``of``, ``attributes``, downloads, models, share (of the whole window, kept or not),
        previous_share, share_change and rank_change (places gained since the report date before; null where
        there is none).
    """
    summed = rows.group_by([*within, of]).aggregate(
        downloads=rows.downloads.sum().cast("int64"),
        models=rows.models.sum().cast("int64"),
        **{name: rows[name].min() for name in attributes},
    )
    ranked = changed(placed(summed, within, of), within, of, top)
    return ranked.select(*within, "rank", of, *attributes, "downloads", "models", *CHANGES)


CHANGES = ("share", "previous_share", "share_change", "rank_change")


def placed(summed: Table, within: Sequence[str], of: str) -> Table:
    """Each one's share of its window, and its rank in it by downloads.

    Args:
        summed: with the columns ``within``, ``of`` and downloads; one row each.
        within: columns that identify one distribution.
        of: the column to rank.

    Returns:
        The columns of ``summed``, rank, and share (null where the window's total is not above zero).
    """
    by_size = ibis.window(group_by=list(within), order_by=[ibis.desc("downloads"), ibis.asc(of)])
    total = summed.downloads.sum().over(ibis.window(group_by=list(within)))
    return summed.mutate(
        rank=(ibis.row_number().over(by_size) + 1).cast("int64"),
        share=summed.downloads / ibis.ifelse(total > 0, total, ibis.null("int64")).cast("float64"),
    )


def changed(ranked: Table, within: Sequence[str], of: str, top: int) -> Table:
    """The first of each window, with their change since the window's predecessor.

    Args:
        ranked: as :func:`placed` returns it; at least the rows of all that are ever among the first.
        within: columns that identify one distribution, ``as_of`` among them.
        of: the column that is ranked.
        top: how many ranks to keep.

    Returns:
        The columns of ``ranked``, previous_share, share_change and rank_change.
    """
    series = [name for name in within if name not in ("as_of", "window_start")]
    through_time = ibis.window(group_by=[*series, of], order_by="as_of")
    dated = ranked.mutate(place=ibis.dense_rank().over(ibis.window(group_by=series, order_by="as_of")))
    # What was absent at the report date before has no change since then, however long ago it was seen.
    followed = dated.place - dated.place.lag().over(through_time) == 1
    compared = dated.mutate(
        previous_share=ibis.ifelse(followed, dated.share.lag().over(through_time), ibis.null("float64")),
        rank_change=ibis.ifelse(followed, dated["rank"].lag().over(through_time) - dated["rank"], ibis.null("int64")),
    )
    kept = compared.filter(compared["rank"] <= top).drop("place")
    return kept.mutate(share_change=kept.share - kept.previous_share)
