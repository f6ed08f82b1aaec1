"""What the snapshots hold, counted from the simulation's own arrays and not taken from the plan."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from generator.sources.demo.arrays import Ints
from generator.sources.demo.developers import UNATTRIBUTED, countries, country_of, developers
from generator.sources.demo.plan import (
    COHORT_DAYS,
    FLOOR_DAY,
    Demo,
    date_of,
    day_number,
    in_cohort,
    month_end,
    month_ends,
)
from generator.sources.demo.world import World, added_by_surge, all_time_counters, simulate, visible_rows


@dataclass(frozen=True)
class Truth:
    """What the simulated snapshots hold, counted exactly; dates are :class:`datetime.date`.

    ``cohort_share``: as_of, lens (publisher | origin), country, downloads, share: all-time downloads of the
    models in the snapshot that were created after ``as_of`` - 365 days.

    ``first_year_share``: as_of, window_months (1 | 12), lens, country, downloads, share: downloads made in
    the window while their model was at most 365 days old, whether or not a snapshot still holds it. Models
    older than the Hub's records are left out.

    ``overtake_month``: the first snapshot from which, to the end, China's cohort share (publisher lens)
    exceeds the United States'; None if there is none.

    ``derivative_share``: as_of, namespace (of the root), derivatives, share: models with a base model created
    in the month that ends on ``as_of``.

    ``release_days``: namespace, country, cadence_days (planted), day, repositories; developers' release
    events.

    ``roots``: model_id, root_id, kind, for every id that ever was; ``root`` (its own), ``derived``, ``merge``
    (two parents of one developer's family, the root is the first one's), ``missing`` (the root is an id that
    exists nowhere), ``cycle`` (no root: null).

    ``faults``: fault (counter fell | vanished | renamed | surge), model_id, as_of (the first snapshot that
    shows it), other_id (a renamed model's new id), amount (downloads removed or added).

    ``developers``: namespace, country, role: every namespace that is not unattributed.
    """

    cohort_share: pd.DataFrame
    first_year_share: pd.DataFrame
    overtake_month: date | None
    derivative_share: pd.DataFrame
    release_days: pd.DataFrame
    roots: pd.DataFrame
    faults: pd.DataFrame
    developers: pd.DataFrame


def truth(demo: Demo) -> Truth:
    """Count what the snapshots of ``demo`` hold, from the simulation itself."""
    world = simulate(demo)
    cohort = _cohort_share(demo, world)
    return Truth(
        cohort_share=cohort,
        first_year_share=_first_year_share(demo, world),
        overtake_month=_overtake(cohort),
        derivative_share=_derivative_share(demo, world),
        release_days=_release_days(world),
        roots=_roots(world),
        faults=_fault_table(world),
        developers=pd.DataFrame(
            [(d.namespace, d.country, d.role) for d in developers()], columns=["namespace", "country", "role"]
        ),
    )


def _cohort_share(demo: Demo, world: World) -> pd.DataFrame:
    frames = []
    for as_of in demo.dates:
        day = day_number(as_of)
        seen = world.row_model[visible_rows(world, day)]
        new = seen[in_cohort(world.models.created[seen], day)]
        downloads = all_time_counters(world, day)[new]
        frames += [_shares(as_of, lens, country[new], downloads) for lens, country in _lenses(world).items()]
    return pd.concat(frames, ignore_index=True)


def _first_year_share(demo: Demo, world: World) -> pd.DataFrame:
    created = world.models.created
    young = np.flatnonzero(created > FLOOR_DAY)
    gone = np.full(len(created), np.iinfo(np.int64).max)
    for model, vanished_on in world.faults.vanished.items():
        # The last snapshot that holds it is the end of the month before.
        gone[model] = day_number(date_of(vanished_on).replace(day=1)) - 1
    ends = [day_number(day) for day in month_ends(demo.last, demo.months + 12)]
    limit = np.minimum(created + COHORT_DAYS, gone)
    counters = [all_time_counters(world, np.minimum(limit, day)) for day in ends]
    frames = []
    for place, as_of in enumerate(demo.dates, start=12):
        for months in (1, 12):
            downloads = (counters[place] - counters[place - months])[young]
            alive = (created[young] < ends[place]) & (limit[young] > ends[place - months])
            frames += [
                _shares(as_of, lens, country[young][alive], downloads[alive]).assign(window_months=months)
                for lens, country in _lenses(world).items()
            ]
    columns = ["as_of", "window_months", "lens", "country", "downloads", "share"]
    return pd.concat(frames, ignore_index=True)[columns]


def _lenses(world: World) -> dict[str, Ints]:
    return {"publisher": country_of(world.models.developer), "origin": _origin(world)}


def _origin(world: World) -> Ints:
    return country_of(world.models.developer[world.models.root])


def _shares(as_of: date, lens: str, country: Ints, downloads: Ints) -> pd.DataFrame:
    """as_of, lens, country, downloads, share for the countries that have a model; largest first."""
    sums = np.zeros(len(countries()), np.int64)
    np.add.at(sums, country, downloads)
    frame = pd.DataFrame({"as_of": as_of, "lens": lens, "country": countries(), "downloads": sums})
    frame = frame[np.bincount(country, minlength=len(sums)) > 0]
    frame = frame.assign(share=frame["downloads"] / max(int(sums.sum()), 1))
    return frame.sort_values(["downloads", "country"], ascending=[False, True], kind="stable")


def _overtake(cohort: pd.DataFrame) -> date | None:
    published = cohort[cohort["lens"] == "publisher"].set_index("as_of")
    dates: list[date] = sorted(set(published.index))
    china, states = (
        published.loc[published["country"] == country, "share"].reindex(dates).fillna(0.0).to_numpy()
        for country in ("CN", "US")
    )
    ahead = china > states
    behind = np.flatnonzero(~ahead)
    first = int(behind[-1]) + 1 if len(behind) else 0
    return dates[first] if first < len(dates) else None


def _derivative_share(demo: Demo, world: World) -> pd.DataFrame:
    models = world.models
    names = [*(lab.namespace for lab in developers()), UNATTRIBUTED]
    derived = models.relation >= 0
    frames = []
    for as_of in demo.dates:
        first = day_number(as_of.replace(day=1))
        new = derived & (models.created >= first) & (models.created <= day_number(as_of))
        counts = np.bincount(models.developer[models.root[new]], minlength=len(names))
        frame = pd.DataFrame({"as_of": as_of, "namespace": names, "derivatives": counts})
        frame["share"] = frame["derivatives"] / max(int(counts.sum()), 1)
        frames.append(frame[frame["derivatives"] > 0].sort_values("derivatives", ascending=False, kind="stable"))
    return pd.concat(frames, ignore_index=True)


def _release_days(world: World) -> pd.DataFrame:
    models = world.models
    labs = {place: lab for place, lab in enumerate(developers()) if lab.cadence_days}
    own = np.isin(models.developer, list(labs)) & (models.created > FLOOR_DAY)
    events, sizes = np.unique(
        np.stack([models.developer[own], models.created[own]], axis=1), axis=0, return_counts=True
    )
    return pd.DataFrame(
        {
            "namespace": [labs[int(place)].namespace for place in events[:, 0]],
            "country": [labs[int(place)].country for place in events[:, 0]],
            "cadence_days": [labs[int(place)].cadence_days * world.cadence_stretch for place in events[:, 0]],
            "day": [date_of(day) for day in events[:, 1]],
            "repositories": sizes,
        }
    )


def _roots(world: World) -> pd.DataFrame:
    models = world.models
    rows: list[tuple[str, str | None, str]] = []
    for name, position in zip(world.rows["model_id"].to_pylist(), world.row_model.tolist(), strict=True):
        if position in models.cycles:
            rows.append((name, None, "cycle"))
        elif position in models.bases:
            rows.append((name, models.bases[position], "missing"))
        elif models.parent[position] < 0:
            rows.append((name, name, "root"))
        else:
            kind = "merge" if models.second[position] >= 0 else "derived"
            rows.append((name, models.ids[models.root[position]], kind))
    return pd.DataFrame(rows, columns=["model_id", "root_id", "kind"])


def _fault_table(world: World) -> pd.DataFrame:
    faults, ids = world.faults, world.models.ids
    rows: list[tuple[str, str, date, str | None, int]] = []
    if faults.fallen >= 0:
        shown = date_of(faults.fall_day)
        as_of = month_end(shown.year, shown.month)
        rows.append(("counter fell", ids[faults.fallen], as_of, None, faults.removed))
    rows += [("vanished", ids[model], date_of(day), None, 0) for model, day in faults.vanished.items()]
    if faults.renamed >= 0:
        rows.append(("renamed", ids[faults.renamed], date_of(faults.renamed_on), faults.new_id, 0))
    rows.append(("surge", ids[faults.surge], date_of(faults.surge_to), None, added_by_surge(world, faults.surge_to)))
    return pd.DataFrame(rows, columns=["fault", "model_id", "as_of", "other_id", "amount"])
