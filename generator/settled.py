"""Figures that no later snapshot can change, kept from one run to the next.

What a model *is* (licence, base model, and so whose it is) is what the newest snapshot says, in every month: one more
snapshot can change nearly any figure. Figures that follow from counts and days of creation alone it cannot change:
those of a report date are settled once the report date after it is known.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from generator.atomic import swap, writing
from generator.engines import found, kept_in_turn
from generator.software import digest

CODE = ("**/*.py",)


@dataclass(frozen=True)
class Settled:
    """Where such figures are kept.

    ``backend``: the engine that makes those which are not. ``folder``: one Parquet file for each name and report date
    below it; None where nothing is kept. ``keys``: by report date, a digest of all that they depend on, as
    :func:`keys_of` gives it.
    """

    backend: BaseBackend
    folder: Path | None
    keys: Mapping[date, str] = field(hash=False)

    def dates(self) -> list[date]:
        """The report dates of which any figures are kept, in order."""
        files = [] if self.folder is None else [file.stem for file in self.folder.glob("*/*.parquet")]
        return [day for day, key in self.keys.items() if f"{day}-{key}" in files]

    def lacking(self, name: str) -> list[date]:
        """The report dates whose figures are not kept, or cannot be read, in order."""
        stored = self._stored(name)
        return [day for day in self.keys if day not in stored]

    def by_date(self, name: str, part: Callable[[Sequence[date]], Table], rows: int = 0) -> Table:
        """A working table made for the report dates that lack it, and read for the others.

        Args:
            name: the table's.
            part: makes the rows of some report dates, and no others, with the column as_of; it may ask nothing of
                models but counts and days of creation, nor of snapshots after the report date that follows.
            rows: about how many rows have to be gone through for all report dates; where it is not given, ``part`` is
                asked once for all that lack.

        Raises:
            ReportError: the folder cannot be written.
        """
        made = found(self.backend, name)
        if made is not None:
            return made
        if self.folder is None:
            return kept_in_turn(self.backend, name, part, list(self.keys), rows)
        stored = self._stored(name)
        lacking = [day for day in self.keys if day not in stored]
        tables = list(stored.values())
        if lacking:
            theirs = rows * len(lacking) // len(self.keys)
            fresh = kept_in_turn(self.backend, f"{name}_lacking", part, lacking, theirs)
            tables.append(self._store(self.folder, name, fresh, lacking))
        return self.backend.create_table(name, ibis.memtable(pa.concat_tables(tables)))

    def _file(self, folder: Path, name: str, day: date) -> Path:
        return folder / name / f"{day}-{self.keys[day]}.parquet"

    def _stored(self, name: str) -> dict[date, pa.Table]:
        stored: dict[date, pa.Table] = {}
        if self.folder is None:
            return stored
        for day in self.keys:
            try:
                stored[day] = pq.read_table(self._file(self.folder, name, day), partitioning=None)
            except (FileNotFoundError, pa.ArrowInvalid):
                continue
        return stored

    def _store(self, folder: Path, name: str, made: Table, days: Sequence[date]) -> pa.Table:
        rows = made.order_by(made.columns).to_pyarrow()
        kept = {self._file(folder, name, day) for day in self.keys}
        with writing(folder):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for day in days:
                file = self._file(folder, name, day)
                staged = file.with_suffix(".writing")
                pq.write_table(rows.filter(pc.equal(rows["as_of"], pa.scalar(day))), staged)
                swap(staged, file)
            for file in (folder / name).iterdir():
                if file not in kept:
                    file.unlink()
        return rows


def keys_of(
    engine: str, snapshots: Mapping[date, str], report_dates: Sequence[date], created: Mapping[date, int]
) -> dict[date, str]:
    """By report date, a digest of all that its settled figures depend on: of what there is up to the one after it.

    Args:
        engine: which makes them.
        snapshots: by date, the checksums of all that the archive holds.
        report_dates: in order.
        created: by the date of the snapshot that saw models first, a digest of when they were created.

    Example:
        >>> days = [date(2026, month, 1) for month in (1, 2, 3)]
        >>> two = keys_of("duckdb", dict.fromkeys(days[:2], "a"), days[:2], {})
        >>> three = keys_of("duckdb", dict.fromkeys(days, "a"), days, {})
        >>> [two[day] == three[day] for day in days[:2]]
        [True, False]
    """
    software = [engine, duckdb.__version__, ibis.__version__, digest(CODE)]
    keys = {}
    for place, day in enumerate(report_dates):
        last = report_dates[min(place + 1, len(report_dates) - 1)]
        known = [
            software,
            *([str(when), of[when]] for of in (snapshots, created) for when in sorted(of) if when <= last),
            [str(when) for when in report_dates if when <= last],
        ]
        keys[day] = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]
    return keys
