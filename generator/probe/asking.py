"""Putting requests to a model through Inspect, whose logs are the stored record.

Inspect (the evaluation framework of the UK AI Security Institute) is an optional extra: ``pip install
'open-model-report[probe]'``. Nothing is sent anywhere but to the endpoint given.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from tqdm import tqdm

from generator.errors import ReportError

FAILURES_IN_A_ROW = 10
"""So many requests failing one after the other mean that the endpoint is at fault, not the questions."""

PER_LOG = 100
"""So many requests share a log: Inspect goes through all of it with every answer that it adds."""

NO_KEY = "none"


class Endpoint(BaseModel):
    """Where and how to ask: an address that speaks the chat-completions API, and the limits to keep there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://\S+$")
    model: str = Field(min_length=1, pattern=r"^\S+$")
    api_key: str = Field(default=NO_KEY, repr=False)
    connections: int = Field(default=4, ge=1)
    per_minute: int | None = Field(default=None, ge=1)
    timeout: int = Field(default=300, ge=1)
    retries: int = Field(default=5, ge=0)


class Sampling(BaseModel):
    """How answers are drawn, recorded with each of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=0.7, ge=0, le=2)
    max_tokens: int = Field(default=1024, ge=1)


@dataclass(frozen=True)
class Request:
    """One prompt: ``id`` tells it from all others of the folder, ``about`` is recorded with it."""

    id: str
    prompt: str
    seed: int
    about: Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """What came back for a request: an answer, or ``error``, a sentence on why there is none."""

    request: Request
    run: Mapping[str, Any]
    answer: str
    stop_reason: str
    error: str
    at: datetime


def available() -> bool:
    """Whether Inspect is installed."""
    try:
        _inspect()
    except ReportError:
        return False
    return True


def ask(
    requests: Sequence[Request], endpoint: Endpoint, sampling: Sampling, folder: Path, run: Mapping[str, Any]
) -> None:
    """Put the requests that have no answer in the folder yet; each answer is on disk as soon as it is there.

    Args:
        requests: what to ask.
        endpoint: whom to ask.
        sampling: how.
        folder: where Inspect's logs lie, one file for every :data:`PER_LOG` requests of a run.
        run: recorded in the logs of this run.

    Raises:
        ReportError: Inspect is not installed, or the endpoint refused or stopped to answer. What was answered until
            then is kept, and the same call goes on where this one stopped.
        KeyboardInterrupt: the run was interrupted; the same holds.
    """
    inspect = _inspect()
    answered = {response.request.id for response in responses(folder) if not response.error}
    missing = [request for request in requests if request.id not in answered]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    progress = tqdm(total=len(requests), initial=len(requests) - len(missing), unit=" answers", desc=endpoint.model)
    course = _Course(progress)
    put = _put(inspect, endpoint, course)
    try:
        for place in range(0, len(missing), PER_LOG):
            log = _evaluate(inspect, missing[place : place + PER_LOG], put, endpoint, sampling, folder, run)
            if log.status != "success":
                break
    finally:
        progress.close()
    if log.status == "cancelled":
        raise KeyboardInterrupt
    if log.status != "success":
        kept = sum(1 for response in responses(folder) if not response.error)
        reason = course.fault or (log.error.message if log.error else log.status)
        raise ReportError(
            f"{endpoint.url}: the endpoint does not answer ({_one_line(reason)}); {kept} of {len(requests)} answers "
            f"are kept in {folder}. Mend it and run the same command again to go on."
        )


def responses(folder: Path) -> Iterator[Response]:
    """The newest response to every request that a folder's logs hold, one of a run that was killed included.

    Raises:
        ReportError: Inspect is not installed while there are logs, or a log cannot be read.
    """
    newest: dict[str, Response] = {}
    # The names of logs begin with their time.
    for path in sorted(folder.glob("*.eval")):
        for response in _of_log(path):
            before = newest.get(response.request.id)
            # A failure does not displace an answer.
            if before is None or before.error or not response.error:
                newest[response.request.id] = response
    yield from newest.values()


def _of_log(path: Path) -> Iterator[Response]:
    inspect = _inspect()
    try:
        log = inspect.log.read_eval_log(str(path))
    except Exception as error:
        raise ReportError(
            f"{path}: cannot be read as a log of Inspect ({type(error).__name__}); restore it, or delete it to ask "
            "anew."
        ) from None
    for sample in log.samples or []:
        if sample.error is not None or "seed" not in sample.metadata:
            continue
        about = {name: value for name, value in sample.metadata.items() if name not in ("seed", "failure")}
        failure = str(sample.metadata.get("failure", ""))
        choice = sample.output.choices[0] if sample.output and sample.output.choices else None
        yield Response(
            request=Request(str(sample.id), str(sample.input), int(sample.metadata["seed"]), about),
            run=dict(log.eval.metadata or {}),
            # Inspect has taken out what it knows as reasoning.
            answer=str(choice.message.text) if choice else "",
            stop_reason=str(choice.stop_reason) if choice else "",
            error=failure,
            at=datetime.fromisoformat(str(sample.completed_at or log.eval.created)),
        )


def _evaluate(
    inspect: Any,
    requests: Sequence[Request],
    put: Any,
    endpoint: Endpoint,
    sampling: Sampling,
    folder: Path,
    run: Mapping[str, Any],
) -> Any:
    # A user's own hooks of Inspect could send answers elsewhere.
    os.environ.pop("INSPECT_TELEMETRY", None)
    logging.getLogger("inspect_ai").setLevel(logging.CRITICAL)
    model = inspect.model.get_model(
        f"openai-api/probe/{endpoint.model}",
        base_url=endpoint.url,
        api_key=endpoint.api_key,
        memoize=False,
        config=inspect.model.GenerateConfig(
            max_connections=endpoint.connections,
            max_retries=endpoint.retries,
            attempt_timeout=endpoint.timeout,
            temperature=sampling.temperature,
            max_tokens=sampling.max_tokens,
        ),
    )
    samples = [
        inspect.dataset.Sample(
            id=request.id, input=request.prompt, metadata={**request.about, "seed": request.seed}
        )
        for request in requests
    ]  # fmt: skip
    (log,) = inspect.eval(
        inspect.Task(dataset=samples, solver=put, name="probe"),
        model=model,
        log_dir=str(folder),
        log_format="eval",
        # Every answer goes to disk at once: it may have cost money, and the run may be killed.
        log_buffer=1,
        log_realtime=False,
        max_samples=endpoint.connections,
        fail_on_error=True,
        score=False,
        display="none",
        metadata=dict(run),
    )
    return log


@dataclass
class _Course:
    """How a run goes: its progress bar, how many requests failed in a row, and why it was stopped."""

    progress: Any
    failures: int = 0
    fault: str = ""


def _put(inspect: Any, endpoint: Endpoint, course: _Course) -> Any:
    """The solver: one request, its failure recorded; where the endpoint itself is at fault, it raises."""
    pace = _Pace(endpoint.per_minute)

    def put() -> Any:
        async def solve(state: Any, generate: Any) -> Any:
            await pace.turn()
            try:
                state = await generate(state, seed=state.metadata["seed"])
            except Exception as error:
                cause = _cause(error)
                why = _one_line(f"{type(cause).__name__}: {cause}")
                course.failures += 1
                if _endpoint_at_fault(cause) or course.failures >= FAILURES_IN_A_ROW:
                    course.fault = why
                    raise
                state.metadata["failure"] = why
                return state
            course.failures = 0
            course.progress.update()
            return state

        return solve

    return inspect.solver.solver(name="put")(put)()


class _Pace:
    """Lets requests through evenly, so many a minute."""

    def __init__(self, per_minute: int | None) -> None:
        self.pause = 60 / per_minute if per_minute else 0.0
        self.next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        wait = max(0.0, self.next - now)
        self.next = max(now, self.next) + self.pause
        if wait:
            await asyncio.sleep(wait)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:300].rstrip(".")


def _cause(error: BaseException) -> BaseException:
    """What was wrong, behind the wrapper of the attempts."""
    attempt = getattr(error, "last_attempt", None)
    inner = attempt.exception() if attempt is not None else None
    return inner if inner is not None else error


def _endpoint_at_fault(error: BaseException) -> bool:
    """Whether no other request would fare better: nobody there, no permission, no such model."""
    return type(error).__name__ in (
        "APIConnectionError",
        "AuthenticationError",
        "PermissionDeniedError",
        "NotFoundError",
        "ConnectError",
    )


def _inspect() -> Any:
    try:
        import inspect_ai
        import inspect_ai.dataset
        import inspect_ai.log
        import inspect_ai.model
        import inspect_ai.solver
        import openai  # noqa: F401
    except ImportError as error:
        raise ReportError(
            f"The probe needs Inspect ({error}); install it with `pip install 'open-model-report[probe]'`."
        ) from None
    return inspect_ai
