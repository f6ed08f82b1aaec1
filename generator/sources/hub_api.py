"""The Hub's own API: the most downloaded models, page by page, through the huggingface_hub client."""

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx2
import pyarrow as pa
from huggingface_hub import HfApi, ModelInfo
from huggingface_hub.errors import BadRequestError
from huggingface_hub.hf_api import ExpandModelProperty_T
from huggingface_hub.utils._datetime import parse_datetime
from huggingface_hub.utils._http import (
    hf_request_event_hook,
)
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from tqdm import tqdm

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Provenance, Snapshot, clean
from generator.sources import base_models, hub_client
from generator.sources.hub_client import (
    RETRIED_STATUSES,
    bound_wait,
    client_session,
    endpoint_of_the_hub,
    offline,
    plain_errors,
)

PROPERTIES: tuple[ExpandModelProperty_T, ...] = (
    "author",
    "baseModels",
    "cardData",
    "createdAt",
    "downloads",
    "downloadsAllTime",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
    "trendingScore",
)
"""What is asked of the Hub for each model; ``private`` only to leave out what a token alone can see."""

RUN_FOLDER = re.compile(r"hub-\d{4}-\d{2}-\d{2}-\d+")


def collect(
    *,
    as_of: date,
    top: int,
    work_folder: Path,
    token: str | None = None,
    progress: bool = True,
    max_wait_seconds: int = 900,
) -> Snapshot:
    """List the ``top`` models with the most downloads in the last 30 days.

    Finished pages are kept in ``work_folder``, so that a run which was broken off goes on where it stopped;
    call :func:`forget_pages` once the snapshot is safe. Pages of another date or ``top`` are removed first.

    Args:
        as_of: the date of the snapshot, which should be today: the Hub answers with the counters of now.
        top: how many models to list, at least 1.
        work_folder: where to keep finished pages; made if missing. A token is never written there.
        token: a Hub token; without it the client takes ``HF_TOKEN`` or the stored one, and needs none.
        progress: show a progress bar if standard error is a terminal.
        max_wait_seconds: the longest single pause that the Hub may ask for.

    Returns:
        A snapshot with provenance kind ``hub``. Coverage holds ``requested``, ``listed`` (rows before
        cleaning), ``pages``, ``pages_resumed``, ``lowest_downloads_30d`` and ``hub_total_models`` (None where
        unknown).

    Raises:
        ReportError: the Hub cannot be reached, keeps failing, asks for too long a wait or answers with
            something that is not a list of models with fields of the expected types.
    """
    if top < 1:
        raise ReportError(f"cannot list {top} models: ask for at least 1 with --top.")
    endpoint = endpoint_of_the_hub()
    if offline():
        raise ReportError(
            "HF_HUB_OFFLINE is set, so the Hub is not asked: unset it, or choose another source with --source."
        )
    folder = _run_folder(work_folder, as_of, top)
    listing = _Listing(endpoint=endpoint, folder=folder, max_wait_seconds=max_wait_seconds)
    with client_session(lambda: _PageClient(listing)), plain_errors(listing):
        api = HfApi(endpoint=endpoint, token=token)
        try:
            infos = _list(api, PROPERTIES, top, progress)
        except BadRequestError:
            if listing.pages:
                raise
            # The Hub refused this one property in listings until 2025; the tags say nearly the same.
            infos = _list(api, tuple(name for name in PROPERTIES if name != "baseModels"), top, progress)
    rows = [_row(info) for info in infos if not info.private]
    if not rows:
        raise ReportError(
            f"{endpoint}/api/models lists no model at all: check HF_ENDPOINT, or choose another source with --source."
        )
    models, skipped = clean(pa.Table.from_pylist(rows, schema=SCHEMA), as_of, endpoint)
    if len(infos) > len(rows):
        skipped = {**skipped, "a private model": len(infos) - len(rows)}
    coverage = {
        "requested": top,
        "listed": len(rows),
        "pages": listing.pages,
        "pages_resumed": listing.resumed,
        "lowest_downloads_30d": min(
            (row["downloads_30d"] for row in rows if row["downloads_30d"] is not None), default=None
        ),
        "hub_total_models": listing.total,
    }
    provenance = Provenance(
        kind="hub", detail=endpoint, retrieved_at=datetime.now(UTC), coverage=coverage, skipped=skipped
    )
    return Snapshot(as_of=as_of, models=models, provenance=provenance)


def forget_pages(work_folder: Path) -> None:
    """Remove the pages that earlier runs kept in ``work_folder``; call it once their snapshot is archived."""
    _remove_runs(work_folder, keep=None)


def reachable(timeout_seconds: float = 3.0) -> bool:
    """Say within ``timeout_seconds`` whether the Hub answers with a list of models; never raises."""
    if offline():
        return False
    answers: list[bool] = []

    def ask() -> None:
        try:
            # Not the client's session: a probe must not wait for retries.
            answer = httpx2.get(
                f"{endpoint_of_the_hub()}/api/models",
                params={"limit": 1},
                timeout=timeout_seconds,
                follow_redirects=True,
            )
            answers.append(answer.status_code == 200 and isinstance(answer.json(), list))
        except Exception:
            answers.append(False)

    # A thread, because the time-out of a socket bounds neither the look-up of the name nor a slow trickle.
    thread = threading.Thread(target=ask, name="hub-reachable", daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    return bool(answers) and answers[0]


def _list(api: HfApi, properties: tuple[ExpandModelProperty_T, ...], top: int, progress: bool) -> list[ModelInfo]:
    """All pages of the listing, behind a progress bar; tqdm's ``disable=None`` means "unless a terminal"."""
    listed = api.list_models(sort="downloads", limit=top, expand=list(properties))
    with tqdm(total=top, unit=" models", desc="Hub", disable=None if progress else True) as bar:
        infos = []
        for info in islice(listed, top):
            infos.append(info)
            bar.update()
    return infos


# --- What the Hub may answer ----------------------------------------------------------------------


def _unicode(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("text that is valid Unicode") from error
    return value


def _timestamp(value: str) -> str:
    try:
        parse_datetime(value)
    except ValueError as error:
        raise ValueError("a date such as 2024-07-18T08:56:00.000Z") from error
    return value


def _only_license(card: dict[str, Any]) -> dict[str, Any]:
    """Authors write cards by hand: keep the one entry that is used, and only in a form that can be."""
    license_id = card.get("license")
    if isinstance(license_id, list):
        license_id = next(iter(license_id), None)
    return {"license": license_id} if isinstance(license_id, str) else {}


def _as_object(value: object) -> object:
    """``baseModels`` as ``{relation, models}``, also where the Hub gives a bare list."""
    if isinstance(value, list):
        value = {"models": value}
    if isinstance(value, dict) and isinstance(value.get("models"), list):
        parents = [{"id": parent} if isinstance(parent, str) else parent for parent in value["models"]]
        value = {**value, "models": parents}
    return value


Text = Annotated[str, AfterValidator(_unicode)]
Timestamp = Annotated[str, AfterValidator(_timestamp)]
Count = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Gated = Literal[False, "auto", "manual"]


class _Answer(BaseModel):
    """Strict types, nothing converted; other fields are dropped, since the Hub adds new ones freely."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Parent(_Answer):
    id: Text


class _BaseModels(_Answer):
    relation: Text | None = None
    models: list[_Parent] | None = None


class _SafeTensors(_Answer):
    parameters: dict[Text, Count | None] | None = None
    total: Count | None = None


class _Gguf(_Answer):
    total: Count | None = None
    architecture: Text | None = None


class _Model(_Answer):
    """One entry of a page, by the Hub's own names."""

    id: Annotated[str, Field(min_length=1), AfterValidator(_unicode)]
    author: Text | None = None
    baseModels: Annotated[_BaseModels | None, BeforeValidator(_as_object)] = None  # noqa: N815
    cardData: Annotated[dict[Any, Any], AfterValidator(_only_license)] | None = None  # noqa: N815
    createdAt: Timestamp | None = None  # noqa: N815
    downloads: Count | None = None
    downloadsAllTime: Count | None = None  # noqa: N815
    gated: Gated | None = None
    gguf: _Gguf | None = None
    lastModified: Timestamp | None = None  # noqa: N815
    library_name: Text | None = None
    likes: Count | None = None
    pipeline_tag: Text | None = None
    private: bool | None = None
    safetensors: _SafeTensors | None = None
    tags: list[Text] | None = None
    trendingScore: Annotated[float, Field(allow_inf_nan=False)] | None = None  # noqa: N815


EXPECTED = {
    "string_type": "text",
    "string_too_short": "a model id",
    "int_type": "a whole number",
    "less_than_equal": "a whole number of at most 64 bits",
    "greater_than_equal": "a whole number of at most 64 bits",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "literal_error": 'false, "auto" or "manual"',
}
"""Pydantic's kinds of error in the words of a sentence."""


def _found(value: object) -> str:
    """What a JSON value is, in words, with the value itself where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    shown = json.dumps(value)
    if len(shown) > 60:
        shown = shown[:57] + "…"
    kind = "text" if isinstance(value, str) else "a whole number" if isinstance(value, int) else "a number"
    return f"{kind} ({shown})"


def _fault(entry: object, error: ValidationError, where: str) -> str:
    """The first fault of one entry, in words: which model, which field, what was found and expected."""
    first = error.errors(include_url=False)[0]
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]]
    path = "".join(steps).removeprefix(".")
    model_id = entry.get("id") if isinstance(entry, dict) else None
    model = f"model {model_id!r}" if isinstance(model_id, str) and model_id else where
    expected = EXPECTED.get(first["type"]) or str(first.get("ctx", {}).get("error", first["msg"]))
    if not path:
        return f"{where} is {_found(entry)}, expected {expected}"
    found = "absent" if first["type"] == "missing" else _found(first["input"])
    expected = "text" if first["type"] == "missing" else expected
    return f"the Hub's answer for {model}: {path} is {found}, expected {expected}"


# --- Pages that are kept --------------------------------------------------------------------------


@dataclass
class _Listing:
    """One run through the listing: where its pages are kept and how far it has come."""

    endpoint: str
    folder: Path
    max_wait_seconds: int
    pages: int = 0
    resumed: int = 0
    total: int | None = None
    served: set[str] = field(default_factory=set)

    @property
    def what(self) -> str:
        """The page being fetched, for a sentence."""
        return f"page {self.pages + 1} of {self.endpoint}/api/models"

    @property
    def resumes(self) -> str:
        """How to go on, for the end of a sentence."""
        kept = {0: "no page was finished yet", 1: "the 1 finished page is kept"}.get(
            self.pages, f"the {self.pages} finished pages are kept"
        )
        return f"run the same command again to resume ({kept})"


@dataclass(frozen=True)
class _Page:
    """A finished page: the models that were read from it as JSON, and the two headers that matter."""

    body: bytes
    link: str | None
    total: int | None

    def response(self, request: httpx2.Request) -> httpx2.Response:
        """The page as the client expects it."""
        headers = {"Content-Type": "application/json"}
        if self.link is not None:
            headers["Link"] = self.link
        return httpx2.Response(200, headers=headers, content=self.body, request=request)


class _PageClient(httpx2.Client):
    """The client's own session, except that pages of the listing are kept on disk and served from there.

    A subclass rather than a transport, because a transport of one's own turns off the proxies that the
    environment sets.
    """

    def __init__(self, listing: _Listing) -> None:
        super().__init__(event_hooks={"request": [hf_request_event_hook]}, follow_redirects=True)
        self._listing = listing

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Answer a request for a page from disk, else from the Hub; leave other requests alone.

        Raises:
            ReportError: the answer cannot be used and asking again at once would not help.
            httpx2.RequestError: the answer did not arrive whole; the client tries again.
        """
        if request.method != "GET" or not request.url.path.endswith("/api/models"):
            return super().send(request, **options)
        listing = self._listing
        url = str(request.url)
        if url in listing.served:
            raise ReportError(
                f"{listing.what} is one that was read before, so the listing never ends: choose another "
                "source with --source, or try another day."
            )
        file = listing.folder / f"{hashlib.sha256(url.encode()).hexdigest()}.page"
        page = _read_page(file)
        if page is not None:
            listing.resumed += 1
        else:
            # The client passes "no time-out" with every request, which no setting of its session overrides.
            request.extensions["timeout"] = httpx2.Timeout(hub_client.TIMEOUT_SECONDS).as_dict()
            response = super().send(request, **options)
            if response.status_code in RETRIED_STATUSES:
                bound_wait(response, listing)
            if response.status_code != 200:
                return response
            page = _checked_page(response, listing)
            _write_page(file, page)
        listing.served.add(url)
        listing.pages += 1
        listing.total = page.total if page.total is not None else listing.total
        return page.response(request)


def _checked_page(response: httpx2.Response, listing: _Listing) -> _Page:
    """Read a page and check every field of every model.

    Raises:
        ReportError: it is not a list, or a field has a wrong type.
        httpx2.RemoteProtocolError: it is a list without its end; the client tries again.
    """
    try:
        entries = json.loads(response.content)
    except (ValueError, RecursionError) as error:
        if response.content.lstrip().startswith(b"["):
            raise httpx2.RemoteProtocolError("the list of models is cut short or malformed") from error
        entries = None
    if not isinstance(entries, list):
        kind = response.headers.get("Content-Type", "no content type").split(";")[0]
        start = response.text.lstrip()[:40]
        raise ReportError(
            f"{listing.what} is not a list of models ({kind}, starts with {start!r}): check HF_ENDPOINT and "
            f"any proxy or log-in page on the way, then {listing.resumes}."
        )
    models = []
    for number, entry in enumerate(entries, start=1):
        try:
            models.append(_Model.model_validate(entry).model_dump())
        except ValidationError as error:
            raise ReportError(
                f"{_fault(entry, error, f'entry {number} of {listing.what}')}; the Hub's answers may have "
                f"changed: {listing.resumes}, and report it if it stays."
            ) from error
    total = response.headers.get("X-Total-Count", "")
    return _Page(
        body=json.dumps(models).encode(),
        link=response.headers.get("Link"),
        total=int(total) if total.isascii() and total.isdigit() else None,
    )


def _read_page(file: Path) -> _Page | None:
    """A page kept by an earlier run, or None where there is none or it is damaged."""
    try:
        head, body = file.read_bytes().split(b"\n", 1)
        fields = json.loads(head)
        if fields["sha256"] != hashlib.sha256(body).hexdigest():
            return None
        return _Page(body=body, link=fields["link"], total=fields["total"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_page(file: Path, page: _Page) -> None:
    """Keep a page: one line of headers with the body's checksum, then the body; whole or not at all.

    Raises:
        ReportError: the folder cannot be written.
    """
    head = {"link": page.link, "total": page.total, "sha256": hashlib.sha256(page.body).hexdigest()}
    partial = file.with_suffix(".partial")
    try:
        partial.write_bytes(json.dumps(head).encode() + b"\n" + page.body)
        partial.replace(file)
    except OSError as error:
        raise ReportError(
            f"cannot keep a page of the listing in {file.parent} ({error.strerror or error}): make room "
            "there or make it writable, then run the same command again."
        ) from error


def _run_folder(work_folder: Path, as_of: date, top: int) -> Path:
    """The folder of this run's pages, made if missing; those of other runs are removed.

    Raises:
        ReportError: the folder cannot be made.
    """
    folder = work_folder / f"hub-{as_of}-{top}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"cannot make the folder {folder} for the pages of the listing ({error.strerror or error}): make "
            "its parent writable, then run the same command again."
        ) from error
    _remove_runs(work_folder, keep=folder)
    return folder


def _remove_runs(work_folder: Path, keep: Path | None) -> None:
    """Remove the folders of runs in ``work_folder`` except ``keep``, and nothing else."""
    if not work_folder.is_dir():
        return
    for folder in work_folder.iterdir():
        if folder != keep and folder.is_dir() and RUN_FOLDER.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


# --- Rows -----------------------------------------------------------------------------------------


def _row(info: ModelInfo) -> dict[str, Any]:
    """One model as a row of the snapshot; its fields were checked when the page arrived."""
    tags = info.tags or []
    parents, relation = _lineage(info, tags)
    by_dtype = {
        name: count
        for name, count in ((info.safetensors.parameters if info.safetensors else None) or {}).items()
        if count is not None
    }
    gguf = info.gguf or {}
    return {
        "model_id": info.id,
        "author": info.author or (info.id.split("/", 1)[0] if "/" in info.id else None),
        "created_at": _naive(info.created_at),
        "last_modified": _naive(info.last_modified),
        "downloads_30d": info.downloads,
        "downloads_all_time": info.downloads_all_time,
        "likes": info.likes,
        "trending_score": info.trending_score,
        "pipeline_tag": info.pipeline_tag,
        "library_name": info.library_name,
        "license": _license(info, tags),
        "gated": None if info.gated is None else info.gated or "no",
        "tags": info.tags,
        "base_models": parents or None,
        "base_relation": relation,
        "parameters": info.safetensors.total if info.safetensors else None,
        "parameters_by_dtype": _compact(by_dtype) if by_dtype else None,
        "gguf_architecture": gguf.get("architecture"),
        "gguf_parameters": gguf.get("total"),
    }


def _compact(counts: Mapping[str, int]) -> str:
    """An object in JSON as DuckDB writes it for the other sources."""
    return json.dumps(counts, sort_keys=True, separators=(",", ":"))


def _lineage(info: ModelInfo, tags: list[str]) -> tuple[list[str], str | None]:
    """Parents and relation from the Hub's own field, and from the tags what that leaves open."""
    from_tags, tagged_relation = base_models.from_tags(tags)
    # The client calls the field a list but hands on the Hub's object as it is.
    raw: Any = info.base_models or {}
    parents = list(dict.fromkeys(parent["id"] for parent in raw.get("models") or []))
    relation = raw.get("relation") if raw.get("relation") in base_models.RELATIONS else tagged_relation
    return (parents, relation) if parents else (from_tags, tagged_relation)


def _license(info: ModelInfo, tags: list[str]) -> str | None:
    """The licence's identifier from the tags, else from the card."""
    for tag in tags:
        if tag.startswith("license:") and tag != "license:":
            return tag.removeprefix("license:")
    written = info.card_data.license if info.card_data else None
    return written if isinstance(written, str) and written else None


def _naive(moment: datetime | None) -> datetime | None:
    """UTC without a zone and to the second, as the snapshot keeps it."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
