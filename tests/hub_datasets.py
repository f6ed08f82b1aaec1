"""The Hub's dataset repositories for :class:`hub_server.HubServer`: their trees and their files, in whole or in part.

What it copies of the real thing: ``/api/datasets/{repo}`` with the commit of ``main``; the tree at a revision, with the
LFS pointer of each file, in pages with a ``Link`` to the next; ``/datasets/{repo}/resolve/{rev}/{path}``, which tells
commit, size and checksum of a file and redirects to a signed address elsewhere; and that address, which knows ranges.
"""

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

Content = bytes | Path

CHUNK = 2**20


@dataclass(frozen=True)
class FileFault:
    """One wrong answer in place of the right one.

    ``share`` is how much of the body is sent before the connection closes; ``whole`` ignores the ``Range``;
    ``other_bytes`` sends as many noughts in place of the right bytes; ``hang_seconds`` is how long
    nothing at all is sent.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0
    whole: bool = False
    other_bytes: bool = False
    hang_seconds: float = 0.0


@dataclass(frozen=True)
class FileRequest:
    """One request as it came in: ``kind`` is ``commit``, ``tree``, ``resolve`` or ``file``."""

    kind: str
    method: str
    path: str
    range: str | None
    headers: dict[str, str]
    at: float


class Datasets:
    """Dataset repositories: for each repository's name its files by path.

    Args:
        repositories: the files of each repository, as bytes or as paths of local files.
        faults: wrong answers by kind of request and its number among those of its kind, from 1.
        tree_page: most entries of a tree on a page.
    """

    def __init__(
        self,
        repositories: Mapping[str, Mapping[str, Content]],
        *,
        faults: Mapping[str, Mapping[int, FileFault]] | None = None,
        tree_page: int = 1000,
    ) -> None:
        self.repositories = {name: dict(files) for name, files in repositories.items()}
        self.faults = {kind: dict(numbered) for kind, numbered in (faults or {}).items()}
        self.tree_page = tree_page
        self.requests: list[FileRequest] = []
        self._checksums: dict[Content, str] = {}
        self._lock = threading.Lock()

    @property
    def bytes_asked(self) -> int:
        """How many bytes of files have been asked for in ranges."""
        spans = [request.range.removeprefix("bytes=").split("-") for request in self.of("file") if request.range]
        return sum(int(last) - int(first) + 1 for first, last in spans)

    def of(self, kind: str) -> list[FileRequest]:
        """The requests of one kind so far."""
        return [request for request in self.requests if request.kind == kind]

    def commit(self, repository: str) -> str:
        """The commit of a repository's ``main``, which changes with its files."""
        listed = sorted((path, self._sha256(content)) for path, content in self.repositories[repository].items())
        return hashlib.sha1(json.dumps(listed).encode()).hexdigest()

    def answer(self, handler: BaseHTTPRequestHandler, endpoint: str) -> bool:
        """Answer a request if it is for a dataset; say whether it was."""
        parts = urlsplit(handler.path)
        steps = [unquote(step) for step in parts.path.strip("/").split("/")]
        match steps:
            case ["api", "datasets", owner, name]:
                self._commit(handler, f"{owner}/{name}")
            case ["api", "datasets", owner, name, "tree", revision, *path]:
                self._tree(handler, f"{owner}/{name}", revision, "/".join(path), parse_qs(parts.query), endpoint)
            case ["datasets", owner, name, "resolve", revision, *path]:
                self._resolve(handler, f"{owner}/{name}", revision, "/".join(path), endpoint)
            case ["cdn", sha256]:
                self._file(handler, sha256)
            case _:
                return False
        return True

    def _fault(self, handler: BaseHTTPRequestHandler, kind: str) -> FileFault:
        with self._lock:
            headers = dict(handler.headers.items())
            self.requests.append(
                FileRequest(kind, handler.command, handler.path, headers.get("Range"), headers, time.monotonic())
            )
            fault = self.faults.get(kind, {}).get(len(self.of(kind)), FileFault())
        time.sleep(fault.hang_seconds)
        if fault.status is not None:
            _send(handler, fault.status, b'{"error":"as ordered"}', dict(fault.headers))
        return fault

    def _commit(self, handler: BaseHTTPRequestHandler, repository: str) -> None:
        if self._fault(handler, "commit").status is not None:
            return
        if repository not in self.repositories:
            _send(handler, 404, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
            return
        _send_json(handler, {"_id": "1", "id": repository, "sha": self.commit(repository), "private": False}, {})

    def _tree(
        self,
        handler: BaseHTTPRequestHandler,
        repository: str,
        revision: str,
        below: str,
        query: Mapping[str, list[str]],
        endpoint: str,
    ) -> None:
        if self._fault(handler, "tree").status is not None:
            return
        if revision not in ("main", self.commit(repository)):
            _send(handler, 404, b'{"error":"Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
            return
        entries: dict[str, dict[str, Any]] = {}
        for path, content in sorted(self.repositories[repository].items()):
            if not path.startswith(f"{below}/"):
                continue
            for parent in list(Path(path).parents)[:-1]:
                if str(parent).startswith(f"{below}/"):
                    entries.setdefault(
                        str(parent), {"type": "directory", "oid": "0" * 40, "size": 0, "path": str(parent)}
                    )
            sha256, size = self._sha256(content), _size(content)
            entries[path] = {
                "type": "file",
                "oid": hashlib.sha1(sha256.encode()).hexdigest(),
                "size": size,
                "lfs": {"oid": sha256, "size": size, "pointerSize": 135},
                "path": path,
            }
        first = int(query.get("cursor", ["0"])[0])
        listed = list(entries.values())
        headers = {}
        if first + self.tree_page < len(listed):
            following = urlencode({**query, "cursor": first + self.tree_page}, doseq=True)
            address = f"{endpoint}/api/datasets/{repository}/tree/{revision}/{quote(below)}?{following}"
            headers["Link"] = f'<{address}>; rel="next"'
        _send_json(handler, listed[first : first + self.tree_page], headers)

    def _resolve(
        self, handler: BaseHTTPRequestHandler, repository: str, revision: str, path: str, endpoint: str
    ) -> None:
        if self._fault(handler, "resolve").status is not None:
            return
        content = self.repositories.get(repository, {}).get(path)
        if content is None or revision not in ("main", self.commit(repository)):
            _send(handler, 404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
            return
        sha256 = self._sha256(content)
        headers = {
            # Another host by name, as the real store is: the client treats it as foreign.
            "Location": f"{endpoint.replace('127.0.0.1', 'localhost')}/cdn/{sha256}?Expires=1&Signature=abc",
            "X-Repo-Commit": self.commit(repository),
            "X-Linked-Size": str(_size(content)),
            "X-Linked-Etag": f'"{sha256}"',
            "ETag": f'"{hashlib.sha1(sha256.encode()).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        _send(handler, 302, b"Found. Redirecting", headers)

    def _file(self, handler: BaseHTTPRequestHandler, sha256: str) -> None:
        fault = self._fault(handler, "file")
        if fault.status is not None:
            return
        content = next(
            content
            for files in self.repositories.values()
            for content in files.values()
            if self._sha256(content) == sha256
        )
        size = _size(content)
        asked = handler.headers.get("Range")
        headers = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes", "Content-Type": "binary/octet-stream"}
        first, last = 0, size - 1
        if asked and not fault.whole:
            first_text, last_text = asked.removeprefix("bytes=").split("-")
            first, last = int(first_text), min(int(last_text or last), last)
            if first > last:
                _send(handler, 416, b"", {"Content-Range": f"bytes */{size}"})
                return
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        handler.send_response(206 if "Content-Range" in headers else 200)
        for name, value in {**headers, **fault.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(last - first + 1))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        left = round((last - first + 1) * fault.share)
        try:
            while left > 0:
                piece = b"\0" * min(left, CHUNK) if fault.other_bytes else _read(content, first, min(left, CHUNK))
                handler.wfile.write(piece)
                first, left = first + len(piece), left - len(piece)
        except ConnectionError:
            # The client has seen enough of an answer that it does not want.
            handler.close_connection = True
        if fault.share < 1:
            handler.close_connection = True

    def _sha256(self, content: Content) -> str:
        with self._lock:
            if content not in self._checksums:
                if isinstance(content, bytes):
                    self._checksums[content] = hashlib.sha256(content).hexdigest()
                else:
                    with content.open("rb") as file:
                        self._checksums[content] = hashlib.file_digest(file, "sha256").hexdigest()
            return self._checksums[content]


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _read(content: Content, start: int, length: int) -> bytes:
    if isinstance(content, bytes):
        return content[start : start + length]
    with content.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _send_json(handler: BaseHTTPRequestHandler, value: object, headers: dict[str, str]) -> None:
    _send(handler, 200, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
