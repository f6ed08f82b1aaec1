"""A remote file fetched in part: chosen bytes of it, at their own places in a local file of the same length.

The local file has holes where nothing was asked for, so a Parquet reader finds in it every column that was fetched
and need not know that others are missing; on file systems that know holes it takes no more room than what was
fetched. A journal beside it lists the finished blocks with their checksums: after any interruption only blocks that
are not in it are fetched again.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import hf_raise_for_status, hf_request_event_hook, http_backoff

from generator.errors import ReportError
from generator.sources import hub_client

Range = tuple[int, int]
"""Bytes from the first up to but not including the second."""

BLOCK_BYTES = 16 * 2**20
"""Most bytes in one request: what an interruption can cost, and what is held in memory."""

WORTH_A_REQUEST = 2**20
"""A gap smaller than this between two ranges is fetched with them, which is quicker than asking twice."""


@dataclass(frozen=True)
class Remote:
    """A file on the Hub at one commit; ``sha256`` is the checksum that the Hub declares, None where it does not."""

    url: str
    size: int
    sha256: str | None


@dataclass
class PartialFile:
    """The local copy of a remote file, as far as it was fetched.

    Args:
        remote: what is copied.
        path: where the copy lies; its journal lies beside it.
        token: a Hub token, or None for the client's own.
    """

    remote: Remote
    path: Path
    token: str | None = None
    _kept: list[Range] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._kept = self._checked_journal()

    @property
    def journal(self) -> Path:
        """The list of finished blocks."""
        return self.path.with_suffix(".journal")

    @property
    def fetched_bytes(self) -> int:
        """How many bytes of the remote file are here."""
        return sum(end - start for start, end in joined(self._kept))

    def missing(self, ranges: Iterable[Range]) -> list[Range]:
        """The parts of ``ranges`` that are not here yet, in order, neighbours joined."""
        wanted = joined(ranges)
        for start, end in joined(self._kept):
            wanted = [
                part
                for first, last in wanted
                for part in ((first, min(last, start)), (max(first, end), last))
                if part[0] < part[1]
            ]
        return wanted

    def fetch(self, ranges: Iterable[Range], progress: Callable[[int], object] = lambda count: None) -> None:
        """Bring ``ranges`` here, block by block.

        Args:
            ranges: which bytes are wanted; those that are here already are not asked for again.
            progress: told the number of bytes of each finished block.

        Raises:
            ReportError: the Hub answers with other bytes than those asked for.
            httpx2.HTTPError: the Hub did not answer, after all of the client's retries.
        """
        for start, end in self.missing(ranges):
            for first in range(start, end, BLOCK_BYTES):
                last = min(first + BLOCK_BYTES, end)
                self._keep(first, self._asked(first, last))
                progress(last - first)

    def sha256(self) -> str:
        """The checksum of the whole file, all of which must be here."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def remove(self) -> None:
        """Forget the copy."""
        self.path.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    def _asked(self, start: int, end: int) -> bytes:
        headers = build_hf_headers(token=self.token)
        # Compression would make the lengths of the answer those of something else.
        headers |= {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        response = http_backoff("GET", self.remote.url, headers=headers)
        hf_raise_for_status(response)
        expected = f"bytes {start}-{end - 1}/{self.remote.size}"
        given = response.headers.get("Content-Range", "no Content-Range")
        if given != expected or len(response.content) != end - start:
            raise ReportError(
                f"{self.remote.url}: was asked for '{expected}' and answered with '{given}' and "
                f"{len(response.content)} bytes; the file has changed or a proxy alters answers: run the same "
                "command again."
            )
        return response.content

    def _keep(self, start: int, content: bytes) -> None:
        """Write a block and then its line in the journal, whose checksum tells whether the block is whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.truncate(self.remote.size)
            file.seek(start)
            file.write(content)
        line = {
            "url": self.remote.url,
            "start": start,
            "end": start + len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        with self.journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._kept.append((start, start + len(content)))

    def _checked_journal(self) -> list[Range]:
        """The blocks of an earlier run that are still as they were; a half-written last line ends the list."""
        kept = []
        try:
            lines = self.journal.read_text(encoding="utf-8").splitlines()
            with self.path.open("rb") as file:
                for line in lines:
                    block = json.loads(line)
                    file.seek(block["start"])
                    content = file.read(block["end"] - block["start"])
                    if block["url"] != self.remote.url or hashlib.sha256(content).hexdigest() != block["sha256"]:
                        break
                    kept.append((block["start"], block["end"]))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return kept


class RangeClient(httpx2.Client):
    """The client's own session, except that no answer is waited for or read beyond what was asked for."""

    def __init__(self, task: hub_client.Task) -> None:
        super().__init__(event_hooks={"request": [hf_request_event_hook]}, follow_redirects=True)
        self._task = task

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Answer a request; look at the head of the answer before its body is read.

        Raises:
            ReportError: the Hub asks for too long a wait, or sends the whole file where a part was asked for.
            httpx2.RequestError: the answer did not arrive whole; the client tries again.
        """
        request.extensions["timeout"] = httpx2.Timeout(hub_client.TIMEOUT_SECONDS).as_dict()
        response = super().send(request, stream=True, **options)
        try:
            if response.status_code in hub_client.RETRIED_STATUSES:
                hub_client.bound_wait(response, self._task)
            if response.status_code == 200 and "Range" in request.headers:
                raise ReportError(
                    f"{self._task.what} comes only as a whole, parts of it are not given: check HF_ENDPOINT and any "
                    f"proxy on the way, then {self._task.resumes}."
                )
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


def joined(ranges: Iterable[Range], gap: int = 0) -> list[Range]:
    """Ranges in order; those that overlap, touch, or lie less than ``gap`` bytes apart are made one.

    Example:
        >>> joined([(8, 9), (0, 4), (4, 6)])
        [(0, 6), (8, 9)]
    """
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
