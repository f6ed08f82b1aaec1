"""The simulated Hub as snapshots."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator.snapshot import SCHEMA, Provenance, Snapshot
from generator.sources.demo.plan import Demo, day_number
from generator.sources.demo.world import World, all_time_counters, gross_downloads, simulate, visible_rows


def snapshots(demo: Demo) -> Iterator[Snapshot]:
    """Yield the demo's snapshots in order of their dates, each with the models that exist on that day.

    Example:
        >>> first = next(snapshots(Demo(models=500)))
        >>> first.as_of, first.provenance.simulated
        (datetime.date(2023, 11, 30), True)
    """
    world = simulate(demo)
    for as_of in demo.dates:
        models = _table(world, day_number(as_of))
        yield Snapshot(
            as_of=as_of,
            models=models,
            provenance=Provenance(
                kind="demo",
                detail=f"A simulated Hub with a known truth (seed {demo.seed}, {demo.models} models in all): "
                "no figure in it was measured.",
                retrieved_at=datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC),
                simulated=True,
                coverage={"seed": demo.seed, "hub_total_models": models.num_rows},
            ),
        )


def _table(world: World, day: int) -> pa.Table:
    """The snapshot of a day."""
    places = np.flatnonzero(visible_rows(world, day))
    rows = world.rows.take(pa.array(places))
    model = world.row_model[places]
    now = pa.scalar(day * 86400, pa.int64()).cast(pa.timestamp("s"))
    modified = pc.if_else(pc.less_equal(rows["modified_later"], now), rows["modified_later"], rows["created_at"])
    rate = rows["like_rate"].to_numpy()
    gross, month_ago, week_ago = (gross_downloads(world, day - back)[model] for back in (0, 30, 7))
    likes = np.floor(rate * np.sqrt(gross)).astype(np.int64)
    trending = likes - np.floor(rate * np.sqrt(week_ago))
    counted = {
        "last_modified": modified,
        # Growth before anything was removed: a month's count never shows a removal as negative downloads.
        "downloads_30d": pa.array((gross - month_ago).astype(np.int64)),
        "downloads_all_time": pa.array(all_time_counters(world, day)[model]),
        "likes": pa.array(likes),
        "trending_score": pa.array(trending),
    }
    columns = [counted.get(name, rows[name] if name in rows.column_names else None) for name in SCHEMA.names]
    return pa.table(columns, schema=SCHEMA)
