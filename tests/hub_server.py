"""A local server that speaks the Hub's listing protocol, and breaks it on demand.

What it copies of the real ``GET /api/models``: the order by downloads with ties by ``_id``, pages of at most
1,000, cursors that hold the last model's place as a condition in base64, an absolute link to the next page,
items of ``_id``, ``id`` and just the expanded fields, status 400 with the list of known fields for an unknown
one, gzip, and the rate-limit headers on every answer. Dataset repositories are in :mod:`hub_datasets`.
"""

import base64
import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from hub_datasets import Datasets

Item = dict[str, Any]

LARGEST_PAGE = 1000

KNOWN_PROPERTIES = (
    *("author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime"),
    *(
        "evalResults",
        "gated",
        "inference",
        "inferenceProviderMapping",
        "lastModified",
        "library_name",
        "likes",
    ),
    *("mask_token", "model-index", "pipeline_tag", "private", "safetensors", "sha", "siblings", "spaces"),
    *("tags", "transformersInfo", "trendingScore", "widgetData", "gguf", "resourceGroup", "xetEnabled"),
)

DEFAULT_PROPERTIES = (
    *("likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name", "createdAt"),
)


@dataclass(frozen=True)
class Fault:
    """One wrong answer in place of the right page.

    ``body`` gets the right page's items and returns what is sent instead; ``share`` is how much of the body
    is sent before the connection closes; ``hang_seconds`` is how long nothing at all is sent.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[list[Item]], bytes] | None = None
    share: float = 1.0
    hang_seconds: float = 0.0


def too_many(**headers: str) -> Fault:
    """Status 429; ``Retry_After="1"`` becomes the header ``Retry-After: 1``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=429, headers=named, body=lambda _: b'{"error":"You have been rate limited"}')


def failing(status: int) -> Fault:
    """A status such as 500 or 503, with a JSON error as the Hub sends it."""
    return Fault(status=status, body=lambda _: b'{"error":"Internal Error"}')


def altered(change: Callable[[list[Item]], object]) -> Fault:
    """The right page with its items changed in place, or replaced by what ``change`` returns."""

    def body(items: list[Item]) -> bytes:
        copied = json.loads(json.dumps(items))
        replaced = change(copied)
        return json.dumps(copied if replaced is None else replaced).encode()

    return Fault(body=body)


HALF = Fault(share=0.5)
TRUNCATED = Fault(body=lambda items: json.dumps(items).encode()[:-20])
HTML = Fault(
    headers={"Content-Type": "text/html; charset=utf-8"},
    body=lambda _: b"<!doctype html><title>Maintenance</title>",
)
HANG = Fault(hang_seconds=30.0)
CLOSED = Fault(share=0.0)


@dataclass(frozen=True)
class Request:
    """One request as it came in; ``page`` is the page of the listing it asked for, from 1."""

    method: str
    path: str
    target: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    page: int
    at: float


class HubServer:
    """A Hub of ``models`` on a free port of this machine, as a context manager.

    Args:
        models: items with all their fields under the Hub's names; ``_id`` is added where absent.
        page_size: most items on a page.
        by_request: faults by the number of the listing request, from 1.
        by_page: faults by page, from 1, each used up by one request; the right page follows the last.
        after_request: what to do to the server after the n-th listing request, such as moving ranks.
        properties: what may be expanded.
        total_count: value of ``X-Total-Count``, which is absent if None.
        datasets: dataset repositories to serve beside the models.
    """

    def __init__(
        self,
        models: Sequence[Item] = (),
        *,
        page_size: int = LARGEST_PAGE,
        by_request: Mapping[int, Fault] | None = None,
        by_page: Mapping[int, Sequence[Fault]] | None = None,
        after_request: Mapping[int, Callable[["HubServer"], None]] | None = None,
        properties: Sequence[str] = KNOWN_PROPERTIES,
        total_count: int | None = None,
        datasets: Datasets | None = None,
    ) -> None:
        self.models = [{"_id": f"{number:024x}", **model} for number, model in enumerate(models)]
        self.page_size = page_size
        self.by_request = dict(by_request or {})
        self.by_page = {page: list(faults) for page, faults in (by_page or {}).items()}
        self.after_request = dict(after_request or {})
        self.properties = tuple(properties)
        self.total_count = total_count
        self.datasets = datasets or Datasets({})
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "HubServer":
        # A short poll: the default of half a second would be added to the end of every test.
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def pages_asked(self) -> list[int]:
        """The page of each listing request so far, in order, retries included."""
        return [request.page for request in self.requests]

    def forget_requests(self) -> None:
        """Begin a new log of requests and a new count of them."""
        self.requests.clear()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if not hub.datasets.answer(self, hub.endpoint):
                    hub._answer(self)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        if parts.path != "/api/models":
            self._send(handler, 404, b'{"error":"Not found"}', {})
            return
        with self._lock:
            cursor = query.get("cursor", [None])[0]
            ranked = self._ranked(cursor)
            # The page by rank: the models before the cursor are all on pages before this one.
            page = (len(self.models) - len(ranked)) // self._size(query) + 1
            headers = dict(handler.headers.items())
            self.requests.append(
                Request(handler.command, parts.path, handler.path, query, headers, page, time.monotonic())
            )
            number = len(self.requests)
            fault = self.by_request.get(number)
            if fault is None and self.by_page.get(page):
                fault = self.by_page[page].pop(0)
            expand = query.get("expand", [])
            unknown = [name for name in expand if name not in self.properties]
            items = ranked[: self._size(query)]
            sent = [self._item(item, expand) for item in items]
            link = self._link(query, items[-1]) if len(ranked) > len(items) else None
            after = self.after_request.get(number)
            if after is not None:
                after(self)
        if unknown:
            known = "|".join(f'"{name}"' for name in self.properties)
            error = {"error": f"✖ Invalid option: expected one of {known}\n  → at expand[{unknown[0]}]"}
            self._send(handler, 400, json.dumps(error).encode(), {})
            return
        self._send_page(handler, sent, link, fault or Fault())

    def _send_page(self, handler: BaseHTTPRequestHandler, sent: list[Item], link: str | None, fault: Fault) -> None:
        if fault.hang_seconds and self._closing.wait(fault.hang_seconds):
            return
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "RateLimit": '"api";r=499;t=300',
            "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
            **({} if link is None or fault.status != 200 else {"Link": link}),
            **({} if self.total_count is None else {"X-Total-Count": str(self.total_count)}),
            **fault.headers,
        }
        body = fault.body(sent) if fault.body else json.dumps(sent).encode()
        self._send(handler, fault.status, body, headers, fault.share)

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
        share: float = 1.0,
    ) -> None:
        if share == 0:
            handler.close_connection = True
            return
        zipped = "gzip" in handler.headers.get("Accept-Encoding", "")
        body = gzip.compress(body, compresslevel=1) if zipped else body
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if zipped:
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: round(len(body) * share)])
        if share < 1:
            handler.close_connection = True

    def _size(self, query: Mapping[str, list[str]]) -> int:
        return min(int(query.get("limit", ["30"])[0]), self.page_size, LARGEST_PAGE)

    def _ranked(self, cursor: str | None) -> list[Item]:
        """The models behind a cursor, the most downloaded first."""
        ranked = sorted(self.models, key=lambda item: (-_downloads(item), item["_id"]))
        if cursor is None:
            return ranked
        condition = json.loads(base64.b64decode(cursor))["$or"]
        place = (-condition[0]["downloads"], condition[0]["_id"]["$gt"])
        return [item for item in ranked if (-_downloads(item), item["_id"]) > place]

    def _link(self, query: Mapping[str, list[str]], last: Item) -> str:
        count = _downloads(last)
        condition = {
            "$or": [
                {"downloads": count, "_id": {"$gt": last["_id"]}},
                {"downloads": {"$lt": count}},
                {"downloads": None},
            ]
        }
        cursor = base64.b64encode(json.dumps(condition).encode()).decode()
        query_string = urlencode({**query, "cursor": cursor}, doseq=True)
        return f'<{self.endpoint}/api/models?{query_string}>; rel="next"'

    @staticmethod
    def _item(model: Item, expand: Sequence[str]) -> Item:
        names = ("_id", "id", *(expand or DEFAULT_PROPERTIES))
        item = {name: model[name] for name in names if name in model}
        return item if expand else {**item, "modelId": model["id"]}


def _downloads(item: Item) -> int:
    count = item.get("downloads")
    return count if isinstance(count, int) else -1


def model(number: int, **fields: Any) -> Item:
    """A model as the Hub tells it, the more downloaded the lower its number; ``fields`` replace or add."""
    owner = ("Qwen", "meta-llama", "deepseek-ai", "google", "a-person")[number % 5]
    return {
        "id": f"{owner}/model-{number}",
        "author": owner,
        "createdAt": "2024-07-18T08:56:00.000Z",
        "lastModified": "2024-09-25T16:45:12.000Z",
        "downloads": 10_000_000 // (number + 1),
        "downloadsAllTime": 90_000_000 // (number + 1),
        "likes": number % 977,
        "trendingScore": number % 7,
        "private": False,
        "gated": (False, "auto", "manual")[number % 3],
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "tags": ["transformers", "safetensors", "license:apache-2.0", "region:us"],
        "cardData": {"license": "apache-2.0", "language": ["en", "zh"]},
        "safetensors": {"parameters": {"BF16": 7_615_616_512}, "total": 7_615_616_512},
        **fields,
    }


def models(count: int) -> list[Item]:
    """The first ``count`` of :func:`model`."""
    return [model(number) for number in range(count)]
