"""The annotated data of the MIT / Hugging Face study, to check our figures against; never mixed with our own.

Published as the dataset repository ``mmpr/open_model_evolution_data``: one row a model and week, with the all-time
counter and the study's own annotations of the organisation behind the model.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import FileMetadataError, LocalEntryNotFoundError

from generator.atomic import writing
from generator.errors import ReportError
from generator.sources import hub_schema
from generator.sources.hub_client import endpoint_of_the_hub, offline, plain_errors

REPOSITORY = "mmpr/open_model_evolution_data"
FILE = "all_downloads_with_annotations.parquet"

COLUMNS = (
    *("model", "author", "time", "created", "downloadsAllTime", "org_type", "org_country", "org_country_single"),
    *("derived_author", "derived_org_country_single", "merged_country_groups_single", "merged_derived_from"),
    "merged_modality",
)
"""What the file must have, as its authors name it; more may be there and is not read."""

LABELS = ("org_country_single", "derived_org_country_single", "merged_country_groups_single")
"""The columns in which the study says to whom a model's downloads belong."""

READ = f"""
    create temp table study as
    select model::varchar as model,
           author::varchar as author,
           time::timestamp::date as day,
           created::timestamp::date as created,
           downloadsAllTime::bigint as downloads,
           {", ".join(f"nullif(trim({label}::varchar), '') as {label}" for label in LABELS)}
    from read_parquet(?)
"""


@dataclass(frozen=True)
class _Download:
    """What is asked of the Hub, in the words of a sentence."""

    what: str = f"{FILE} of {REPOSITORY}"
    resumes: str = "run the same command again, or give a copy of the file with --file"
    max_wait_seconds: int = 900


def fetch(folder: Path) -> Path:
    """Download the study's file into ``folder``; a finished copy there is not fetched again.

    Raises:
        ReportError: the Hub cannot be reached or refuses, or the folder cannot be written.
    """
    endpoint = endpoint_of_the_hub()
    if offline():
        raise ReportError("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it, or give the file with --file.")
    download = _Download()
    with writing(folder), plain_errors(download):
        try:
            return Path(hf_hub_download(REPOSITORY, FILE, repo_type="dataset", local_dir=folder, endpoint=endpoint))
        except (LocalEntryNotFoundError, FileMetadataError) as error:
            # The client's way to say that it got no answer, or one that is no Hub's.
            reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
            raise ReportError(
                f"{download.what} cannot be fetched from {endpoint} ({reason}): check the connection, the proxy and "
                f"HF_ENDPOINT, then {download.resumes}."
            ) from error


def load(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the study's file, with nothing assumed about it that is not checked.

    Returns:
        A connection with the table ``study``: model, author, day, created, downloads (the all-time counter) and
        the columns of :data:`LABELS` (text, null where the study has none), one row a model and day.

    Raises:
        ReportError: no such file, other columns, values that are no dates or counts, or two rows of one model and
            day that contradict each other.
    """
    if not path.is_file():
        raise ReportError(f"{path}: there is no such file; give the study's file with --file, or leave --file out.")
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false; set timezone = 'UTC'")
    try:
        connection.read_parquet(hub_schema.literal(path)).create_view("given")
        present = hub_schema.types(connection)
    except duckdb.Error as error:
        raise ReportError(
            f"{path}: cannot be read as Parquet ({hub_schema.reason(error)}); get the file again."
        ) from None
    if missing := [name for name in COLUMNS if name not in present]:
        raise ReportError(
            f"{path}: is not the study's file as it is known here: {', '.join(missing)} missing among its columns "
            f"{', '.join(list(present)[:20])}; get {FILE} of {REPOSITORY}."
        )
    try:
        connection.execute(READ, [hub_schema.literal(path)])
    except duckdb.Error as error:
        raise ReportError(
            f"{path}: holds values that are no dates or counts ({hub_schema.reason(error)}); get the file again."
        ) from None
    rows, unusable = connection.execute(
        "select count(*), count(*) filter (model is null or day is null or downloads is null) from study"
    ).fetchall()[0]
    if not rows or unusable:
        raise ReportError(
            f"{path}: {unusable} of its {rows} rows have no model, time or downloadsAllTime; get the file again."
        )
    contradicting = connection.execute(
        f"""
        select model || ' on ' || day from study group by model, day
        having min(downloads) <> max(downloads) or {" or ".join(f"count(distinct {name}) > 1" for name in LABELS)}
        order by 1 limit 1
        """
    ).fetchall()
    if contradicting:
        raise ReportError(
            f"{path}: has two rows for {contradicting[0][0]} that contradict each other, so sums of it would be "
            "wrong; get the file again."
        )
    connection.execute("create or replace temp table study as select distinct * from study")
    return connection
