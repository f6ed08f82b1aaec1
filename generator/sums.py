"""Downloads added up over windows: each sum is made once, by whichever metric asks for it first.

By what they still tell apart: :func:`market` knows countries, sectors, roles and families and is small whatever the
number of models; :func:`cohort_by` knows traits of models beside these; :func:`holdings` and
:func:`organisation_ranks` know organisations; :func:`downloads` and :func:`cohort` know models.
"""

from collections.abc import Sequence
from functools import partial

import ibis
from ibis.expr.types import BooleanValue, Table, Value

from generator.attribution import LENSES, UNATTRIBUTED
from generator.attribution.lenses import MIXED
from generator.dataset import among
from generator.engines import found, kept, kept_in_turn, summed_in_turn, turns
from generator.flows import COLUMNS, LONG_AGO, Flows, is_new, only_opened
from generator.shares import placed
from generator.windows import ALL_TIME, COUNTERS, THIRTY_DAYS

MEASURES = (
    "downloads",
    "models",
    "new_downloads",
    "new_models",
    "first_year_downloads",
    "first_year_models",
)
"""Of a window: all downloads, those of new models, those within a year of a model's creation, and how many models each
belongs to. Where the archive does not reach back to the window's start, all are those of new models alone."""

CELL = ("kind", "series", "closed", "before", "first_year", "opened", "before_opened", "created_on")
"""What windows tell flows apart by."""

ASKED = {
    COUNTERS: ("before", "first_year", "opened", "before_opened"),
    THIRTY_DAYS: ("before", "first_year"),
    ALL_TIME: (),
}
"""Which of these windows ask of a series, beside its closing and what its models have in common."""

INDICES = "models_indices"
"""What is asked of the sizes of models, and settled once and for all."""

COHORT, HOLDINGS, SIZES, REPACKED = "cohort", "holdings", "model_sizes_by_window", "repacked_by_window"

YOUNG_DAYS = 800
"""Beyond twice the first year, and a window's length, nothing depends on the day of a model's creation."""


def market(flows: Flows) -> Table:
    """The whole market by what depends on countries, sectors, roles and families alone.

    Returns:
        The columns of ``flows.windows`` and of ``Attribution.kinds`` and :data:`MEASURES` (downloads are null and
        models 0 where there is no flow); one row a window and kind.
    """
    return kept(flows.data.backend, "market", lambda: _market(flows))


def by_lens(rows: Table) -> Table:
    """Rows that have publisher_country, origin_country, … once a lens: lens, country, sector, role beside the rest."""
    owner = ("country", "sector", "role")
    others = [name for name in rows.columns if not name.startswith(tuple(f"{lens}_" for lens in LENSES))]
    return ibis.union(
        *(
            rows.select(*others, lens=ibis.literal(lens), **{part: rows[f"{lens}_{part}"] for part in owner})
            for lens in LENSES
        )
    )


def by_owner(rows: Table, keys: Sequence[str]) -> Table:
    """Models' downloads added up by whose they are.

    Args:
        rows: ``keys``, downloads and the numbers of the owners, publisher and origin; one row a model.
        keys: columns that the sums are kept apart by.

    Returns:
        ``keys``, owner, lens, downloads and models.
    """
    # A sum of whole numbers is wider than they are.
    summed = rows.downloads.sum().cast(rows.downloads.type())
    return ibis.union(
        *(
            rows.group_by(*keys, owner=rows[lens]).aggregate(
                lens=ibis.literal(lens), downloads=summed, models=rows.count()
            )
            for lens in LENSES
        )
    )


def _made(flows: Flows, name: str) -> Table:
    backend = flows.data.backend
    if found(backend, name) is None:
        _add_up(flows)
    return backend.table(name)


def holdings(flows: Flows) -> Table:
    """The whole market by organisation.

    Returns:
        The columns of ``flows.windows`` but ``window``, and lens, organisation, country, sector, downloads, models. An
        organisation may have several rows in a window.
    """
    rows = _made(flows, HOLDINGS)
    return (
        rows.inner_join(flows.windows, "window")
        .inner_join(flows.attribution.owners, ["lens", "owner"])
        .drop("window", "owner", "body")
    )


def organisation_ranks(flows: Flows) -> Table:
    """The whole market by organisation, by number and in the order of size.

    Returns:
        The columns of ``flows.windows`` and lens, body, owner (the first of the body's), downloads, models, rank
        (1 for the most downloaded of a window and lens) and share; one row a window, lens and body.
    """
    owners = flows.attribution.owners.select("lens", "owner", "body")
    held = _made(flows, HOLDINGS)

    def part(windows: Sequence[int]) -> Table:
        ours = held.filter(held.window.isin(list(windows))).inner_join(owners, ["lens", "owner"])
        summed = ours.group_by(["window", "lens", "body"]).aggregate(
            owner=ours.owner.min(), downloads=ours.downloads.sum().cast("int64"), models=ours.models.sum().cast("int64")
        )
        return placed(summed, ["window", "lens"], "body")

    # So many that some windows are gone through after others.
    windows = sorted(flows.windows.window.to_pandas().tolist())
    ranked = kept_in_turn(flows.data.backend, "organisation_ranks", part, windows, int(held.count().execute()))
    return ranked.inner_join(flows.windows, "window")


def named(flows: Flows, rows: Table) -> Table:
    """Rows of :func:`organisation_ranks` with organisation, country and sector in place of their numbers.

    An organisation that is listed in several countries or sectors is here with the first of them; merges of several
    organisations' models are nobody's and of no one country.
    """
    owners = flows.attribution.owners
    owned = {
        part: ibis.ifelse(owners.organisation == MIXED, UNATTRIBUTED, owners[part]) for part in ("country", "sector")
    }
    told = owners.select("lens", "owner", "organisation", **owned)
    return rows.inner_join(told, ["lens", "owner"]).drop("window", "owner", "body")


def cohort(flows: Flows) -> Table:
    """New models: the columns of ``flows.windows`` but ``window``, and model, kind, downloads; one row a window and
    model."""
    return _made(flows, COHORT).inner_join(flows.windows, "window").drop("window")


def cohort_by(flows: Flows, name: str, traits: Table) -> Table:
    """New models added up by traits of theirs, so that what only asks for these need not go through every model.

    Args:
        flows: where the models come from.
        name: under which the sums are kept; one for each set of traits.
        traits: model, and traits of each; models that are not there are left out.

    Returns:
        The columns of ``flows.windows`` but ``window``, those of ``Attribution.kinds`` but ``kind``, the traits,
        downloads, models and largest (the downloads of the most downloaded of them).
    """

    def added_up() -> Table:
        rows = _made(flows, COHORT).inner_join(traits, "model")
        return rows.group_by(["window", "kind", *(column for column in traits.columns if column != "model")]).aggregate(
            downloads=rows.downloads.sum().cast("int64"), models=rows.count(), largest=rows.downloads.max()
        )

    summed = kept(flows.data.backend, name, added_up)
    return summed.inner_join(flows.windows, "window").inner_join(flows.attribution.kinds, "kind").drop("window", "kind")


def model_sizes(flows: Flows) -> Table:
    """How many models have how many downloads: window, downloads, models.

    A number of downloads may have several rows in a window. Only of windows of which :data:`INDICES` are not settled.
    """
    return _made(flows, SIZES)


def repacked(flows: Flows) -> Table:
    """What intermediaries publish, by organisation.

    Returns:
        The columns of ``flows.windows`` but ``window``, those of ``Attribution.kinds`` but ``kind``,
        publisher_organisation, downloads and models. An organisation may have several rows in a window.
    """
    rows = _made(flows, REPACKED)
    owners = flows.attribution.owners.filter(flows.attribution.owners.lens == "publisher")
    return (
        rows.inner_join(flows.windows, "window")
        .inner_join(flows.attribution.kinds, "kind")
        .inner_join(owners.select(publisher_organisation="organisation", publisher="owner"), "publisher")
        .drop("window", "kind", "publisher")
    )


def downloads(flows: Flows, rows: Table, windows: Table) -> Table:
    """Single models' downloads in windows, for some flows only: of all models they would be too many.

    Args:
        flows: where the rows come from.
        rows: some of ``flows.flows`` and ``flows.readings``.
        windows: those of ``flows.windows`` to add up in.

    Returns:
        The columns of ``flows.windows`` but ``window``, and model, kind, downloads, new_downloads, first_year_downloads
        (null where none count); one row a window and model.
    """
    counted = in_windows(rows, flows.closings.semi_join(windows, "window"))
    summed = counted.group_by(["window", "model", "kind"]).aggregate(
        downloads=counted.downloads.sum(where=counted.whole).cast("int64"),
        new_downloads=counted.downloads.sum(where=counted.new).cast("int64"),
        first_year_downloads=counted.downloads.sum(where=counted.first_year).cast("int64"),
    )
    return summed.inner_join(windows, "window").drop("window")


def in_windows(flows: Table, closings: Table) -> Table:
    """Flows, each once for every window that it counts in.

    Args:
        flows: the columns series, opened, closed, before, before_opened, first_year and created_on, and any others;
            single flows, or sums of flows that have all these in common.
        closings: ``Flows.closings``.

    Returns:
        window, as_of, the other columns and as booleans: whole (the flow counts for the whole market), new and
        first_year (it counts for these), and first_whole, first_new and first_first_year (it is the first flow of its
        model that does, so that models can be counted).
    """
    joined = flows.inner_join(closings, ["series", "closed"])
    within = (joined.series != COUNTERS) | (joined.opened >= joined.window_start)
    reached_before = (joined.before > joined.reach).fill_null(False)
    within_before = reached_before & ((joined.series != COUNTERS) | (joined.before_opened >= joined.window_start))
    whole = (within & joined.complete).fill_null(False)
    # What a new model was downloaded since its creation is known whether or not the archive reaches back that far.
    since_creation = (joined.series == COUNTERS) & (joined.window_months == 12)
    new = joined.window_months.notnull() & is_new(joined.as_of, joined.created_on)
    new = (new & (within | since_creation)).fill_null(False)
    first = ~within_before.fill_null(False)
    first_of_new = ibis.ifelse(since_creation.fill_null(False), ~reached_before, first)
    others = [name for name in flows.columns if name != "first_year"]
    told = joined.select(
        "window",
        "as_of",
        *others,
        whole=whole,
        new=new,
        first_year=whole & joined.first_year,
        first_whole=whole & first,
        first_new=new & first_of_new,
        first_first_year=whole & joined.first_year & first,
    )
    return told.filter(told.whole | told.new)


def _market(flows: Flows) -> Table:
    counted = in_windows(kept(flows.data.backend, "cells", lambda: _cells(flows)), flows.closings)
    measures = {}
    for prefix, which, first in (
        ("", counted.whole, counted.first_whole),
        ("new_", counted.new, counted.first_new),
        ("first_year_", counted.first_year, counted.first_first_year),
    ):
        measures[f"{prefix}downloads"] = counted.downloads.sum(where=which).cast("int64")
        measures[f"{prefix}models"] = counted.flows.sum(where=first).fill_null(0).cast("int64")
    summed = counted.group_by(["window", "kind"]).aggregate(**measures)
    return summed.inner_join(flows.windows, "window").inner_join(flows.attribution.kinds, "kind").drop("window", "kind")


def _cells(flows: Flows) -> Table:
    """Flows and readings of models that no window tells apart, added up."""
    data = flows.data
    # Fewer turns than rows alone would ask for, since each has much the same cells.
    made = partial(_cells_of, flows)
    return summed_in_turn(data.backend, "cells_of_some", made, data.numbers, data.rows // 2, CELL)


def _cells_of(flows: Flows, numbers: Sequence[int]) -> Table:
    """Those of some models."""
    return ibis.union(*(cells for rows, several in flows.followed(numbers) for cells in _cells_told(rows, several)))


def _cells_told(rows: Table, several: Sequence[str]) -> list[Table]:
    """Those of several series: rows are grouped once by what any series is asked for, and the groups told apart."""
    young = (rows.as_of.delta(rows.created_on, unit="day") <= YOUNG_DAYS).fill_null(False)
    created = ibis.ifelse(young, rows.born, ibis.literal(LONG_AGO))
    keys = {"kind": rows.kind, "closed": rows.as_of, "created_on": created}
    measures = {"flows": rows.count()}

    def as_near_as_creation(day: Value) -> Value:
        return ibis.ifelse((day == rows.created_on).fill_null(False), created, day)

    for series in several:
        columns = COLUMNS[series](rows)
        columns |= {name: as_near_as_creation(columns[name]) for name in ("opened", "before_opened")}
        keys |= {f"{series} {name}": columns[name] for name in ASKED[series]}
        measures[f"{series} downloads"] = columns["downloads"].sum().cast("int64")
    groups = rows.group_by(**keys).aggregate(**measures)
    return [_cells_of_series(groups, series) for series in several]


def _cells_of_series(groups: Table, series: str) -> Table:
    unasked = {**dict.fromkeys(CELL, ibis.null("date")), "first_year": ibis.literal(False)}
    common = {name: groups[name] for name in ("kind", "closed", "created_on", "flows")}
    own = {name: groups[f"{series} {name}"] for name in (*ASKED[series], "downloads")}
    return only_opened(groups.select(**(unasked | {"series": ibis.literal(series)} | common | own)), series)


def _by_model(flows: Flows, numbers: Sequence[int]) -> Table:
    """One row a window and model of some: window, model, downloads and new_downloads (null where none count)."""
    closed = flows.closings.group_by("window").aggregate(times=flows.closings.count())
    once = flows.closings.semi_join(closed.filter(closed.times == 1), "window")
    often = flows.closings.semi_join(closed.filter(closed.times > 1), "window")
    single = in_windows(ibis.union(among(flows.flows, numbers), among(flows.readings, numbers)), once)
    # Of a model they have one row, and there is nothing to add up.
    read = single.select(
        "window",
        "model",
        downloads=ibis.ifelse(single.whole, single.downloads, ibis.null("int64")),
        new_downloads=ibis.ifelse(single.new, single.downloads, ibis.null("int64")),
    )
    return ibis.union(read, _between(in_windows(among(flows.flows, numbers), often)))


def _between(counted: Table) -> Table:
    """Flows of :func:`in_windows` added up by window and model.

    Of a model's flows those that count in a window follow one another, so that their sum is what there was with the
    last of them less what there was before the first: two rows of a window instead of one a flow.
    """
    last = counted.after.isnull() | (counted.after > counted.as_of)
    ends = counted.mutate(last=last).filter(last | counted.first_whole | counted.first_new)

    def summed(which: BooleanValue, first: BooleanValue) -> Value:
        before = ibis.ifelse(first, ends.so_far - ends.downloads, 0)
        return (ibis.ifelse(ends["last"], ends.so_far, 0) - before).sum(where=which).cast("int64")

    return ends.group_by(["window", "model"]).aggregate(
        downloads=summed(ends.whole, ends.first_whole), new_downloads=summed(ends.new, ends.first_new)
    )


def _add_up(flows: Flows) -> None:
    """Make the tables of sums by model, organisation, size and re-packager, some models after the others."""
    backend, kinds = flows.data.backend, flows.attribution.kinds
    intermediaries = kinds.filter(kinds.publisher_role == "intermediary")
    several = turns(backend, flows.data.numbers, 2 * flows.data.rows)
    unsettled = flows.windows.filter(flows.windows.as_of.isin(flows.data.settled.lacking(INDICES)))
    for place, numbers in enumerate(several):
        part = backend.create_table("model_sums", _by_model(flows, numbers))
        owned = among(flows.owners, numbers).select("model", "kind", *LENSES)
        whole = part.filter(part.downloads.notnull())
        new = part.filter(part.new_downloads.notnull())
        held = whole.inner_join(owned, "model")
        sized = whole.semi_join(unsettled, "window")
        carried = held.semi_join(intermediaries, "kind")
        made = {
            COHORT: new.inner_join(owned, "model").select("window", "model", "kind", downloads="new_downloads"),
            HOLDINGS: by_owner(held, ["window"]),
            SIZES: sized.group_by("window", "downloads").aggregate(models=sized.count()),
            REPACKED: carried.group_by("window", "publisher", "kind").aggregate(
                downloads=carried.downloads.sum().cast("int64"), models=carried.count()
            ),
        }
        for name, rows in made.items():
            # So that whoever takes some windows after others finds theirs side by side.
            laid = rows.order_by("window") if len(several) > 1 else rows
            if place == 0:
                backend.create_table(name, laid)
            else:
                backend.insert(name, laid)
        # Ibis 12 leaves the name out of the statement that it writes for this.
        backend.raw_sql("drop table model_sums")
