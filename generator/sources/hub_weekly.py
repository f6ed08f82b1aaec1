"""The Hub's history: weekly snapshots of all models, kept as a dataset repository on the Hub itself.

Of each file, about 1.6 GB in 2026, only the columns that a snapshot needs are fetched. The label of a file's folder
does not say when its data were taken: those that the repository filled in afterwards hold the state of up to a week
later. So a file is dated by its newest model's creation, which the statistics in its footer tell before anything
else is fetched.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow.parquet as pq
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import hf_raise_for_status, http_backoff
from tqdm import tqdm

from generator.atomic import writing
from generator.errors import ReportError
from generator.snapshot import USABLE, LargeSnapshot, Provenance, judge, today
from generator.sources import hub_schema
from generator.sources.hub_client import client_session, endpoint_of_the_hub, offline, plain_errors
from generator.sources.hub_schema import quote
from generator.sources.ranged import WORTH_A_REQUEST, PartialFile, Range, RangeClient, Remote, joined

KIND = "hub-weekly"
REPOSITORY = "hfmlsoc/hub_weekly_snapshots"
LICENCE = "ODbL-1.0"
FILE = re.compile(r"models/(\d{4}-\d{2}-\d{2})/models\.parquet")

TAIL_BYTES = 512 * 1024
"""What is read first of a file: its footer and, nearly always, no more than that."""

LABEL_DAYS = 7
"""How much later than its label a file's data may have been taken."""

MEMORY_LIMIT = "1GB"
"""DuckDB's share of the memory; beyond it, rows are sorted on disk."""

UNREADABLE_SHARE = 0.01
"""With more rows than this that cannot be read, what is left would give wrong shares."""

CONTRADICTION_SHARE = 0.1
"""With more models than this that have more downloads in 30 days than ever, a column is not what its name says."""

COUNT = r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*|VARCHAR"
MOMENT = r"TIMESTAMP.*|DATE|VARCHAR"
OBJECT = r"STRUCT\(.*|VARCHAR|JSON"
READABLE: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("id", "model_id", "modelId", "author", "pipeline_tag", "library_name"), ("VARCHAR", "VARCHAR")),
    **dict.fromkeys(("createdAt", "lastModified"), ("TIMESTAMP", MOMENT)),
    **dict.fromkeys(("downloads", "downloadsAllTime", "likes"), ("BIGINT", COUNT)),
    "trendingScore": ("DOUBLE", COUNT),
    "gated": ("VARCHAR", "VARCHAR|BOOLEAN"),
    "tags": ("VARCHAR[]", r"VARCHAR(\[\])?"),
    "safetensors": ("STRUCT", OBJECT),
    "gguf": ("VARCHAR", OBJECT),
    "baseModels": ("STRUCT", r"STRUCT\(.*models STRUCT\(.*\bid VARCHAR.*\)\[\].*|VARCHAR|JSON"),
}
"""The columns to read: the usual type of each, and in DuckDB's words those that :mod:`hub_schema` reads rightly."""

EXPECTED = (
    *("id", "author", "createdAt", "lastModified", "downloads", "downloadsAllTime", "likes", "trendingScore"),
    *("tags", "safetensors", "gguf", "baseModels", "pipeline_tag", "library_name"),
)
"""The columns that a file of 2026 has and that a snapshot needs; what is absent is logged."""

KNOWN_UNUSED = frozenset({"_id", "cardData", "config", "siblings", "sha", "private", "disabled"})
"""Columns that are there and not needed; any other is logged as new."""

COUNTERS = ("downloads", "downloadsAllTime")


@dataclass(frozen=True)
class Month:
    """A calendar month.

    Example:
        >>> Month(2026, 2).last
        datetime.date(2026, 2, 28)
    """

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """The month of a day."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


@dataclass(frozen=True)
class Weekly:
    """One file of the repository; ``label`` is the date in its path."""

    label: date
    path: str
    remote: Remote


@dataclass
class _Collection:
    """One run: what it asks the Hub for and how far it has come, for the sentences of errors."""

    endpoint: str
    max_wait_seconds: int
    current: str = f"the list of {REPOSITORY}"
    finished: int = 0
    files: list[Weekly] = field(default_factory=list)
    commit: str = ""

    @property
    def what(self) -> str:
        return f"{self.current} at {self.endpoint}"

    @property
    def resumes(self) -> str:
        months = {0: "", 1: "; the 1 finished month is kept"}.get(
            self.finished, f"; the {self.finished} finished months are kept"
        )
        return f"run the same command again, which goes on where this run stopped{months}"


def collect(
    *,
    first: Month | None,
    last: Month | None,
    work_folder: Path,
    archived: Mapping[str, date] = MappingProxyType({}),
    refuse: Callable[[date], None] = lambda day: None,
    whole: bool = False,
    token: str | None = None,
    progress: bool = True,
    max_wait_seconds: int = 900,
    say: Callable[[str], None] = print,
) -> Iterator[LargeSnapshot]:
    """The last snapshot of each month in a range, oldest first.

    A snapshot's file is removed when the next one is asked for, so it must be archived by then. Blocks of an
    unfinished file stay in ``work_folder``, and a run that was broken off goes on from there.

    Args:
        first: the first month, None for the first that there is.
        last: the last month, None for the current one.
        work_folder: where to keep what was fetched; made if missing.
        archived: the dates that are archived from this source, by the declared SHA-256 of their files; these
            files are not fetched again.
        refuse: called with the date of every other snapshot before anything of it but its footer is fetched; it
            may raise.
        whole: fetch whole files and compare them with their declared SHA-256, rather than needed columns only.
        token: a Hub token; without it the client takes ``HF_TOKEN`` or the stored one, and needs none.
        progress: show a progress bar if standard error is a terminal.
        max_wait_seconds: the longest single pause that the Hub may ask for.
        say: takes each line that is not progress: months without a snapshot, months that are skipped.

    Yields:
        Snapshots of kind ``hub-weekly``. Coverage holds ``rows_in_file``, ``labelled`` (the date in the
        file's path), ``revision``, ``declared_sha256``, ``verified`` (the whole file was read and has this checksum),
        ``bytes_read``, ``bytes_in_file``, ``licence`` and, where the schema differs from the one of 2026,
        ``absent_columns``, ``new_columns``, ``empty_columns`` and ``other_types``.

    Raises:
        ReportError: the range is empty, the Hub cannot be reached or keeps failing, or a file's schema has changed
            in a way that would give wrong numbers.
    """
    endpoint = endpoint_of_the_hub()
    if offline():
        raise ReportError(
            "HF_HUB_OFFLINE is set, so the Hub is not asked: unset it, or choose another source with --source."
        )
    if first and last and first.first > last.first:
        raise ReportError(f"--from {first} comes after --to {last}: exchange them.")
    folder = work_folder / KIND
    task = _Collection(endpoint, max_wait_seconds)
    # The client's errors are errors of the operating system too, so they are told apart first.
    with writing(folder), client_session(lambda: RangeClient(task)), plain_errors(task):
        folder.mkdir(parents=True, exist_ok=True)
        task.files, task.commit = _listed(HfApi(endpoint=endpoint, token=token), endpoint)
        chosen = _chosen(task, first, last, lambda weekly: _taken_on(weekly, folder, archived, token), say)
        pending = [(day, weekly) for day, weekly in chosen if weekly.remote.sha256 not in archived]
        if kept := len(chosen) - len(pending):
            say(f"Archived already: {kept} of {len(chosen)} months")
        for day, _ in pending:
            refuse(day)
        copies = [_copy(weekly, folder, token) for _, weekly in pending]
        needed = [[(0, copy.remote.size)] if whole else _needed(copy) for copy in copies]
        missing = [copy.missing(ranges) for copy, ranges in zip(copies, needed, strict=True)]
        total = sum(end - start for ranges in missing for start, end in ranges)
        in_files = sum(copy.remote.size for copy in copies)
        if pending:
            say(f"To fetch: {len(pending)} months, {total / 1e6:,.0f} MB of files of {in_files / 1e6:,.0f} MB")
        with tqdm(total=total, unit="B", unit_scale=True, desc=KIND, disable=None if progress else True) as bar:
            for (taken_on, weekly), copy, ranges in zip(pending, copies, needed, strict=True):
                task.current = f"{weekly.path} of {REPOSITORY}"
                bar.set_description(f"{KIND} {Month.of(taken_on)}")
                copy.fetch(ranges, bar.update)
                if whole:
                    _verify(copy)
                yield _snapshot(taken_on, weekly, copy, task.commit, whole)
                copy.remove()
                task.finished += 1
        shutil.rmtree(folder, ignore_errors=True)


# --- Which files ----------------------------------------------------------------------------------


def _listed(api: HfApi, endpoint: str) -> tuple[list[Weekly], str]:
    """The repository's files by label, all at one commit, so that nothing changes under way."""
    # The client asks for a repository's commit only once, but for everything else again where that may help.
    response = http_backoff("GET", f"{endpoint}/api/datasets/{REPOSITORY}", headers=build_hf_headers(token=api.token))
    hf_raise_for_status(response)
    commit = str(response.json().get("sha") or "")
    if not commit:
        raise ReportError(f"{endpoint}: tells no commit of {REPOSITORY}; check HF_ENDPOINT.")
    files = []
    for item in api.list_repo_tree(
        REPOSITORY, path_in_repo="models", recursive=True, repo_type="dataset", revision=commit
    ):
        matched = FILE.fullmatch(item.path) if isinstance(item, RepoFile) else None
        if matched is None or not isinstance(item, RepoFile):
            continue
        url = hf_hub_url(REPOSITORY, item.path, repo_type="dataset", revision=commit, endpoint=endpoint)
        sha256 = item.lfs.sha256 if item.lfs else None
        files.append(Weekly(date.fromisoformat(matched[1]), item.path, Remote(url, item.size, sha256)))
    if not files:
        raise ReportError(
            f"{REPOSITORY} at {endpoint}: lists no models/<date>/models.parquet; check HF_ENDPOINT, or update the "
            "generator if the repository has changed."
        )
    return sorted(files, key=lambda weekly: weekly.label), commit


def _chosen(
    task: _Collection,
    first: Month | None,
    last: Month | None,
    taken_on: Callable[[Weekly], date],
    say: Callable[[str], None],
) -> list[tuple[date, Weekly]]:
    """The last file of each month by the date on which its data were taken; months that have none are said."""
    current = Month.of(today())
    month, last = first or Month.of(task.files[0].label), last or current
    chosen: list[tuple[date, Weekly]] = []
    missing = []
    while month.first <= last.first:
        found = None
        candidates = [
            weekly
            for weekly in reversed(task.files)
            if month.first - timedelta(days=LABEL_DAYS) <= weekly.label <= month.last
        ]
        for weekly in candidates:
            task.current = f"{weekly.path} of {REPOSITORY}"
            day = taken_on(weekly)
            if day <= month.last:
                found = (day, weekly) if day >= month.first else None
                break
        if found:
            chosen.append(found)
        else:
            missing.append(month)
        month = month.next
    if missing:
        say(
            f"No snapshot was taken in {', '.join(map(str, missing))}: these months stay empty, and figures across "
            "them say so"
        )
    if not chosen:
        raise ReportError(
            f"{REPOSITORY}: holds no snapshot between {first or 'its beginning'} and {last}; its files are labelled "
            f"{task.files[0].label} to {task.files[-1].label}: choose --from and --to within these dates."
        )
    if Month.of(chosen[-1][0]) == current:
        say(f"{current} is not over: {chosen[-1][0]} is its last snapshot so far")
    return chosen


def _copy(weekly: Weekly, folder: Path, token: str | None) -> PartialFile:
    return PartialFile(weekly.remote, folder / f"{weekly.label}.parquet", token)


def _footer(copy: PartialFile) -> pq.FileMetaData:
    """A file's metadata, fetched if it is not here.

    Raises:
        ReportError: it is no Parquet file.
    """
    size = copy.remote.size
    copy.fetch([(max(0, size - TAIL_BYTES), size)])
    with copy.path.open("rb") as file:
        file.seek(max(0, size - 8))
        end = file.read(8)
    length = int.from_bytes(end[:4], "little") + 8
    if end[4:] != b"PAR1" or length > size:
        raise ReportError(f"{copy.remote.url}: is no Parquet file; leave its month out with --from and --to.")
    copy.fetch([(size - length, size)])
    return pq.read_metadata(copy.path)


def _taken_on(weekly: Weekly, folder: Path, archived: Mapping[str, date], token: str | None) -> date:
    """The day on which a file's newest model was created; its label where the footer does not tell.

    Raises:
        ReportError: the newest model is younger than any that the file could hold.
    """
    if (known := archived.get(weekly.remote.sha256 or "")) is not None:
        return known
    metadata = _footer(_copy(weekly, folder, token))
    newest: list[date] = []
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for column in (group.column(number) for number in range(group.num_columns)):
            if column.path_in_schema in ("createdAt", "created_at"):
                statistics = column.statistics
                largest = statistics.max if statistics is not None and statistics.has_min_max else None
                day = _day(largest)
                if day is None:
                    return weekly.label
                newest.append(day)
    taken_on = max(newest, default=weekly.label)
    if taken_on > weekly.label + timedelta(days=LABEL_DAYS + 1):
        raise ReportError(
            f"{weekly.path} of {REPOSITORY}: its newest model was created on {taken_on}, long after the file's own "
            f"date, so it cannot be dated; leave {Month.of(weekly.label)} out with --from and --to."
        )
    return taken_on


def _day(largest: object) -> date | None:
    """The day of a moment as a footer's statistics give it, None where they do not give one for sure."""
    if isinstance(largest, datetime):
        return (largest.astimezone(UTC) if largest.tzinfo else largest).date()
    if isinstance(largest, str) and re.match(r"\d{4}-\d{2}-\d{2}", largest):
        # Writers may cut a long text short, but not within its day.
        return date.fromisoformat(largest[:10])
    return largest if isinstance(largest, date) else None


def _needed(copy: PartialFile) -> list[Range]:
    """Where in a file the columns lie that a snapshot is made of, and the footer."""
    metadata = pq.read_metadata(copy.path)
    wanted: list[Range] = [(0, 4), (max(0, copy.remote.size - TAIL_BYTES), copy.remote.size)]
    for group in (metadata.row_group(number) for number in range(metadata.num_row_groups)):
        for column in (group.column(number) for number in range(group.num_columns)):
            if column.path_in_schema.split(".")[0] in READABLE:
                start = column.dictionary_page_offset or column.data_page_offset
                start = min(start, column.data_page_offset)
                wanted.append((start, start + column.total_compressed_size))
    return joined(wanted, gap=WORTH_A_REQUEST)


def _verify(copy: PartialFile) -> None:
    """Compare a whole file with the checksum that the Hub declares.

    Raises:
        ReportError: they differ.
    """
    if copy.remote.sha256 is not None and copy.sha256() != copy.remote.sha256:
        copy.remove()
        raise ReportError(
            f"{copy.remote.url}: does not have the SHA-256 that the Hub declares, {copy.remote.sha256}; the copy was "
            "removed: run the same command again."
        )


# --- From a file to a snapshot --------------------------------------------------------------------


def _snapshot(planned: date, weekly: Weekly, copy: PartialFile, commit: str, whole: bool) -> LargeSnapshot:
    """Read a file's needed columns into a snapshot, within bounded memory.

    Raises:
        ReportError: the schema has changed so that numbers would be wrong, or no row is usable.
    """
    origin = f"{weekly.path} of {REPOSITORY}"
    scratch = copy.path.with_suffix(".scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    target = copy.path.with_suffix(".snapshot")
    connection = duckdb.connect(
        config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(scratch), "preserve_insertion_order": False}
    )
    connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    try:
        drift = _open(connection, copy.path, origin)
        newest = connection.execute("select max(created_at)::date from readable where fault is null").fetchall()[0][0]
        as_of = newest or planned
        skipped = judge(connection, "select * exclude (given_date) from readable", as_of, origin)
        rows = _checked_counts(connection, skipped, origin)
        connection.sql(USABLE).write_parquet(str(target), compression="zstd")
    except duckdb.Error as error:
        raise ReportError(
            f"{origin}: cannot be read ({hub_schema.reason(error)}); remove {copy.path.parent} and run the same "
            "command again."
        ) from None
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return LargeSnapshot(
        as_of=as_of,
        file=target,
        provenance=Provenance(
            kind=KIND,
            detail=REPOSITORY,
            retrieved_at=datetime.now(UTC).replace(microsecond=0),
            coverage={
                "rows_in_file": rows,
                "labelled": str(weekly.label),
                "revision": commit,
                "declared_sha256": weekly.remote.sha256,
                "verified": whole and weekly.remote.sha256 is not None,
                "bytes_read": copy.fetched_bytes,
                "bytes_in_file": weekly.remote.size,
                "licence": LICENCE,
                **drift,
            },
            skipped=skipped,
        ),
    )


def _open(connection: duckdb.DuckDBPyConnection, file: Path, origin: str) -> dict[str, Any]:
    """Make the file the relation ``readable``, and tell how its schema differs from the usual one.

    Raises:
        ReportError: a column that is needed is missing, or one that is read has a type or values whose meaning
            is not known.
    """
    connection.read_parquet(hub_schema.literal(file)).create_view("given")
    there = hub_schema.types(connection)
    read = [name for name in there if name in READABLE]
    empty = []
    for name in read:
        if not re.fullmatch(READABLE[name][1], there[name]):
            if connection.execute(f"select count({quote(name)}) from given").fetchall()[0][0]:
                raise ReportError(
                    f"{origin}: the column {name} has the type {there[name][:80]}, usually {READABLE[name][0]}, so its "
                    "meaning is not sure; leave its month out with --from and --to, or update the generator."
                )
            empty.append(name)
    empty += [name for name in COUNTERS if name in read and not _counts_anything(connection, name, origin)]
    read = [name for name in read if name not in empty]
    if not {"id", "model_id", "modelId"} & set(read) or not set(COUNTERS) & set(read):
        raise ReportError(
            f"{origin}: has another schema, without an id or without any download count among its columns "
            f"{', '.join(list(there)[:12])}; leave its month out with --from and --to, or update the generator."
        )
    connection.execute(f"create or replace temp view chosen as select {', '.join(map(quote, read))} from given")
    connection.execute(f"create temp view readable as {hub_schema.normalised({n: there[n] for n in read}, 'chosen')}")
    drift = {
        "absent_columns": [name for name in EXPECTED if name not in there],
        "new_columns": [name for name in there if name not in READABLE and name not in KNOWN_UNUSED],
        "empty_columns": empty,
        "other_types": {name: there[name] for name in read if not there[name].startswith(READABLE[name][0])},
    }
    return {what: found for what, found in drift.items() if found}


def _counts_anything(connection: duckdb.DuckDBPyConnection, name: str, origin: str) -> bool:
    """Whether a column of counts has any; before February 2025 the Hub kept no all-time count, so there it has none.

    Raises:
        ReportError: it holds fractions, so it counts something else.
    """
    number = f"try_cast({quote(name)} as double)"
    largest, broken = connection.execute(
        f"select max({number}), bool_or({number} <> round({number})) from given"
    ).fetchall()[0]
    if broken:
        raise ReportError(
            f"{origin}: the column {name} holds fractions, so it is no count of downloads; leave its month out with "
            "--from and --to, or update the generator."
        )
    given = connection.execute(f"select count({quote(name)}) from given").fetchall()[0][0]
    return bool(largest) or (largest is None and given > 0)


def _checked_counts(connection: duckdb.DuckDBPyConnection, skipped: Mapping[str, int], origin: str) -> int:
    """The number of rows in the file, after a look at whether they can be what their columns' names say.

    Raises:
        ReportError: too many rows cannot be read, or contradict themselves.
    """
    rows, compared, contradicted = connection.execute(
        """
        select count(*),
               count(*) filter (downloads_30d is not null and downloads_all_time is not null),
               count(*) filter (downloads_30d > downloads_all_time)
        from judged
        """
    ).fetchall()[0]
    usual = ("a duplicate model id", "a creation date after the snapshot")
    unreadable = {reason: count for reason, count in skipped.items() if reason not in usual}
    if sum(unreadable.values()) > UNREADABLE_SHARE * rows:
        reasons = ", ".join(f"{count:,} with {reason}" for reason, count in unreadable.items())
        raise ReportError(
            f"{origin}: too many of its {rows:,} rows cannot be used ({reasons}), so shares of the rest would be "
            "wrong; leave its month out with --from and --to, or update the generator."
        )
    if contradicted > CONTRADICTION_SHARE * compared:
        raise ReportError(
            f"{origin}: {contradicted:,} of {compared:,} models have more downloads in 30 days than of all time, so "
            "the columns are not what their names say; leave its month out with --from and --to."
        )
    return int(rows)
