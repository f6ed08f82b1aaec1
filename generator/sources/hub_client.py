"""What the sources that ask the Hub share: its address, its limits on requests, and its failures as one sentence."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

import httpx2
from huggingface_hub import constants, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils._http import default_client_factory, parse_ratelimit_headers

from generator.errors import ReportError

TIMEOUT_SECONDS = 60.0
"""Longest silence of the Hub within one answer; the client itself would wait for ever."""

RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)


class Task(Protocol):
    """What is being asked of the Hub, in the words of a sentence."""

    @property
    def max_wait_seconds(self) -> int:
        """The longest single pause that the Hub may ask for."""

    @property
    def what(self) -> str:
        """What is being fetched."""

    @property
    def resumes(self) -> str:
        """How to go on, for the end of a sentence."""


def endpoint_of_the_hub() -> str:
    """The Hub's address; the client reads the variable at import only, so it is read again here."""
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def offline() -> bool:
    """Whether the user has told the client to stay off the network."""
    asked = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    return asked or constants.is_offline_mode()


@contextmanager
def client_session(make: Callable[[], httpx2.Client]) -> Iterator[None]:
    """Let the client use a session of our own making, and give it back its default one afterwards."""
    set_client_factory(make)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)


def bound_wait(response: httpx2.Response, task: Task) -> None:
    """Refuse a wait that is too long; the client would sleep through any.

    A ``Retry-After`` that is a date is turned into seconds, the only form that the client understands.
    """
    limits = parse_ratelimit_headers(response.headers)
    if response.status_code == 429 and limits is not None and limits.remaining == 0:
        wait = limits.reset_in_seconds
    else:
        wait = _retry_after(response.headers)
        if wait:
            response.headers["Retry-After"] = str(wait)
    if wait > task.max_wait_seconds:
        raise ReportError(
            f"the Hub asks to wait {wait} seconds before {task.what}, more than the "
            f"{task.max_wait_seconds} that are allowed: after that time {task.resumes}."
        )


def _retry_after(headers: Mapping[str, str]) -> int:
    """The seconds that ``Retry-After`` asks for, a number or a date; 0 where it asks for nothing sensible."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return int(value[:18])
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0, round((then - datetime.now(UTC)).total_seconds()))


@contextmanager
def plain_errors(task: Task) -> Iterator[None]:
    """Turn what the client raises, once it has given up, into one sentence.

    Raises:
        ReportError: in place of any error of the client or of the connection.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise ReportError(
            "the client is in offline mode, so the Hub is not asked: unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE."
        ) from error
    except HfHubHTTPError as error:
        raise ReportError(_refusal(error, task)) from error
    except httpx2.TimeoutException as error:
        raise ReportError(
            f"{task.what} did not arrive, the Hub was silent for {TIMEOUT_SECONDS:g} seconds at the last "
            f"try: {task.resumes}."
        ) from error
    except (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise ReportError(
            f"{task.what} cannot be reached ({error}): check the connection, the proxy and HF_ENDPOINT, "
            f"then {task.resumes}, or choose another source with --source."
        ) from error
    except httpx2.HTTPError as error:
        raise ReportError(f"{task.what} did not arrive whole ({error}) after all retries: {task.resumes}.") from error


def _refusal(error: HfHubHTTPError, task: Task) -> str:
    """A sentence for an answer with an error status."""
    status = error.response.status_code
    if status in (401, 403):
        return (
            f"the Hub refuses the token for {task.what} (status {status}): correct or unset HF_TOKEN (the "
            f"listing needs none), then {task.resumes}."
        )
    said = " ".join((error.server_message or "no reason given").split())[:200]
    if status == 429:
        return f"the Hub still limits requests for {task.what} after all retries: wait a while, then {task.resumes}."
    if status in RETRIED_STATUSES:
        return f"{task.what} still failed after all retries (status {status}, {said}): {task.resumes}."
    return (
        f"the Hub refuses {task.what} (status {status}, {said}): check HF_ENDPOINT and update the client "
        f"with pip install -U huggingface_hub, then {task.resumes}."
    )
