"""The Hub source against a local server that speaks the Hub's protocol, through the real client."""

import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hub_server import (
    CLOSED,
    HALF,
    HANG,
    HTML,
    KNOWN_PROPERTIES,
    TRUNCATED,
    Fault,
    HubServer,
    altered,
    failing,
    model,
    models,
    too_many,
)
from huggingface_hub import constants
from huggingface_hub.utils import _http

from generator.errors import ReportError
from generator.snapshot import SCHEMA, Snapshot, today
from generator.sources import base_models, hub_api, hub_client

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
TODAY = today()
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SECRET = "hf_averysecrettokenofatest"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No token, setting or telemetry of the machine that runs the tests."""
    for name in (
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_ENDPOINT",
        "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    # Reading the certificates for each session takes longer than most tests, and none of them needs any.
    monkeypatch.setattr("httpx2._transports.default.create_ssl_context", lambda **_: NO_CERTIFICATES)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client would have made, without making them."""
    made: list[float] = []
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=made.append))
    return made


@pytest.fixture
def collect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``collect(hub, top=…)`` against a server, pages kept in ``tmp_path / "work"``."""

    def run(hub: HubServer | str, **options: Any) -> Snapshot:
        endpoint = hub if isinstance(hub, str) else hub.endpoint
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        settings = {"as_of": TODAY, "top": 10_000, "work_folder": tmp_path / "work", **options}
        return hub_api.collect(**settings)

    return run


def ids(snapshot: Snapshot) -> list[str]:
    return snapshot.models.column("model_id").to_pylist()


def one(snapshot: Snapshot) -> dict[str, Any]:
    """The only row."""
    (row,) = snapshot.models.to_pylist()
    return row


def sentence(raised: pytest.ExceptionInfo[ReportError]) -> str:
    """The message, which must be one line that says how to go on."""
    message = str(raised.value)
    assert "\n" not in message
    assert SECRET not in message
    assert message.endswith(".")
    return message


# --- Whole runs ------------------------------------------------------------------------------------------


def test_all_models_of_all_pages_arrive_once_whatever_fails_on_the_way(collect: Any, waits: list[float]) -> None:
    faults = {
        1: [failing(503)],
        2: [too_many(Retry_After="7"), HALF],
        3: [TRUNCATED],
        4: [failing(500), failing(502), failing(504)],
        6: [too_many(RateLimit='"api";r=0;t=55', RateLimit_Policy='"fixed window";"api";q=500;w=300')],
        8: [CLOSED, failing(408)],
        11: [too_many()],
    }
    with HubServer(models(5400), page_size=500, by_page=faults, total_count=2_960_000) as hub:
        snapshot = collect(hub)
    assert sorted(ids(snapshot)) == sorted(item["id"] for item in models(5400))
    assert hub.pages_asked == [1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 4, 5, 6, 6, 7, 8, 8, 8, 9, 10, 11, 11]
    # The client adds a second to what it is asked, and doubles its own pauses within one page.
    assert waits == [1, 8.0, 2, 1, 1, 2, 4, 56.0, 1, 2, 1]
    assert snapshot.models.schema == SCHEMA
    assert snapshot.as_of == TODAY
    provenance = snapshot.provenance
    assert (provenance.kind, provenance.detail, provenance.simulated) == ("hub", hub.endpoint, False)
    assert provenance.skipped == {}
    assert provenance.coverage == {
        "requested": 10_000,
        "listed": 5400,
        "pages": 11,
        "pages_resumed": 0,
        "lowest_downloads_30d": 10_000_000 // 5400,
        "hub_total_models": 2_960_000,
    }


def test_the_listing_asks_for_the_most_downloaded_and_stops_at_top(collect: Any) -> None:
    with HubServer(models(60), page_size=20) as hub:
        snapshot = collect(hub, top=30)
    assert set(ids(snapshot)) == {item["id"] for item in models(30)}
    assert hub.pages_asked == [1, 2]
    first = hub.requests[0]
    assert (first.method, first.path) == ("GET", "/api/models")
    assert first.query == {"sort": ["downloads"], "limit": ["30"], "expand": list(hub_api.PROPERTIES)}
    assert snapshot.provenance.coverage["hub_total_models"] is None
    assert snapshot.provenance.coverage["lowest_downloads_30d"] == 10_000_000 // 30


def test_a_page_holds_at_most_a_thousand(collect: Any) -> None:
    with HubServer(models(2100)) as hub:
        assert len(ids(collect(hub, top=2050))) == 2050
    assert hub.pages_asked == [1, 2, 3]


def test_a_model_that_falls_behind_the_cursor_is_counted_once(collect: Any) -> None:
    def fall(hub: HubServer) -> None:
        hub.models[3]["downloads"] = 1

    def vanish(hub: HubServer) -> None:
        del hub.models[15]

    with HubServer(models(40), page_size=10, after_request={1: fall, 2: vanish}) as hub:
        snapshot = collect(hub)
    # Model 15 was listed on page 2 before it vanished.
    assert sorted(ids(snapshot)) == sorted(item["id"] for item in models(40))
    assert snapshot.provenance.skipped == {"a duplicate model id": 1}
    assert snapshot.provenance.coverage["listed"] == 41
    row = next(row for row in snapshot.models.to_pylist() if row["model_id"].endswith("/model-3"))
    assert row["downloads_30d"] == 10_000_000 // 4


def test_what_only_the_token_can_see_is_left_out(collect: Any) -> None:
    with HubServer([model(0, private=True), model(1)]) as hub:
        snapshot = collect(hub)
    assert ids(snapshot) == [model(1)["id"]]
    assert snapshot.provenance.skipped == {"a private model": 1}


def test_the_tags_serve_where_the_hub_refuses_base_models_in_listings(collect: Any) -> None:
    tags = ["base_model:Qwen/Qwen3-8B", "base_model:quantized:Qwen/Qwen3-8B"]
    known = [name for name in KNOWN_PROPERTIES if name != "baseModels"]
    with HubServer([model(0, tags=tags)], properties=known) as hub:
        row = one(collect(hub))
    assert (row["base_models"], row["base_relation"]) == (["Qwen/Qwen3-8B"], "quantized")
    assert "baseModels" not in hub.requests[1].query["expand"]


def test_another_refusal_is_told_with_the_hubs_own_words(collect: Any) -> None:
    known = [name for name in KNOWN_PROPERTIES if name != "gguf"]
    with HubServer(models(1), properties=known) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    message = sentence(raised)
    assert "status 400, ✖ Invalid option: expected one of" in message
    assert "pip install -U huggingface_hub" in message


def test_a_refusal_of_a_later_page_does_not_begin_the_listing_again(collect: Any) -> None:
    with (
        HubServer(models(30), page_size=10, by_page={2: [failing(400)]}) as hub,
        pytest.raises(ReportError) as raised,
    ):
        collect(hub)
    assert sentence(raised).startswith(f"the Hub refuses page 2 of {hub.endpoint}/api/models (status 400, Internal")
    assert hub.pages_asked == [1, 2]


def test_an_empty_listing_is_an_error(collect: Any) -> None:
    with HubServer([]) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "lists no model at all" in sentence(raised)


def test_a_listing_that_leads_back_to_itself_is_an_error(collect: Any, tmp_path: Path) -> None:
    with HubServer(models(30), page_size=10) as hub:
        collect(hub)
        back = {"Link": f'<{hub.endpoint}{hub.requests[1].target}>; rel="next"'}
        hub_api.forget_pages(tmp_path / "work")
        hub.forget_requests()
        hub.by_page = {2: [Fault(headers=back)]}
        with pytest.raises(ReportError) as raised:
            collect(hub)
    assert "page 3 of" in sentence(raised)
    assert "never ends" in sentence(raised)
    assert hub.pages_asked == [1, 2]


@pytest.mark.parametrize("top", [0, -5])
def test_top_must_be_positive(collect: Any, top: int) -> None:
    with pytest.raises(ReportError, match=f"cannot list {top} models: ask for at least 1 with --top"):
        collect("http://127.0.0.1:9", top=top)


# --- Waiting and giving up -------------------------------------------------------------------------------


def test_retry_after_is_obeyed_in_real_time(collect: Any) -> None:
    with HubServer(models(20), page_size=10, by_page={2: [too_many(Retry_After="1")]}) as hub:
        assert len(ids(collect(hub))) == 20
    assert hub.pages_asked == [1, 2, 2]
    assert hub.requests[2].at - hub.requests[1].at >= 1.0


def test_the_rate_limit_header_is_obeyed_before_retry_after(collect: Any, waits: list[float]) -> None:
    fault = too_many(RateLimit='"api";r=0;t=40', Retry_After="3")
    with HubServer(models(5), by_request={1: fault}) as hub:
        collect(hub)
    assert waits == [41.0]


def test_a_retry_after_date_is_obeyed(collect: Any, waits: list[float]) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    faults = [Fault(status=503, headers={"Retry-After": value}) for value in (then, past, "soon")]
    with HubServer(models(5), by_page={1: faults}) as hub:
        collect(hub)
    assert waits[0] == pytest.approx(31, abs=2)
    assert waits[1:] == [2, 4]


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (too_many(Retry_After="901"), "901"),
        (too_many(RateLimit='"api";r=0;t=86400'), "86400"),
        (Fault(status=503, headers={"Retry-After": "5000"}), "5000"),
        (too_many(Retry_After="9" * 30), "9" * 18),
    ],
)
def test_too_long_a_wait_is_refused(collect: Any, waits: list[float], fault: Fault, seconds: str) -> None:
    with HubServer(models(30), page_size=10, by_page={3: [fault]}) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        message = sentence(raised)
        assert message.startswith(f"the Hub asks to wait {seconds} seconds before page 3 of {hub.endpoint}")
        assert "run the same command again to resume (the 2 finished pages are kept)" in message
        assert waits == []
        hub.forget_requests()
        assert len(ids(collect(hub))) == 30
    assert hub.pages_asked == [3]


def test_the_longest_wait_is_a_setting(collect: Any, waits: list[float]) -> None:
    with HubServer(models(5), by_page={1: [too_many(Retry_After="900")]}) as hub:
        collect(hub)
        assert waits == [901.0]
        hub.by_page = {1: [too_many(Retry_After="31")]}
        with pytest.raises(ReportError, match="more than the 30 that are allowed"):
            collect(hub, max_wait_seconds=30, top=4)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (failing(503), "still failed after all retries (status 503, Internal Error)"),
        (failing(500), "still failed after all retries (status 500, Internal Error)"),
        (too_many(), "the Hub still limits requests for page 2"),
        (HALF, "did not arrive whole (peer closed connection"),
        (CLOSED, "did not arrive whole (Server disconnected"),
        (TRUNCATED, "did not arrive whole (the list of models is cut short or malformed)"),
        (Fault(body=lambda _: b'[{"id": "a/b" "likes": 1}]'), "cut short or malformed"),
    ],
)
def test_a_lasting_failure_is_told_after_five_retries_and_can_be_resumed(
    collect: Any, waits: list[float], fault: Fault, said: str
) -> None:
    with HubServer(models(30), page_size=10, by_page={2: [fault] * 6}) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert said in sentence(raised)
        assert f"page 2 of {hub.endpoint}/api/models" in sentence(raised)
        assert "run the same command again to resume (the 1 finished page is kept)" in sentence(raised)
        assert hub.pages_asked == [1, 2, 2, 2, 2, 2, 2]
        assert waits == [1, 2, 4, 8, 8]
        hub.forget_requests()
        snapshot = collect(hub)
    assert hub.pages_asked == [2, 3]
    assert len(ids(snapshot)) == 30
    assert snapshot.provenance.coverage["pages_resumed"] == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (HTML, "(text/html, starts with '<!doctype html><title>Maintenance</title'"),
        (altered(lambda _: {"error": "sorry"}), "(application/json, starts with"),
        (Fault(body=lambda _: b""), "is not a list of models"),
        (Fault(body=lambda _: b"\xff\xfe\x00"), "is not a list of models"),
    ],
)
def test_a_page_that_is_no_list_is_told_at_once(collect: Any, fault: Fault, said: str) -> None:
    with HubServer(models(30), page_size=10, by_page={2: [fault]}) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert sentence(raised).startswith(f"page 2 of {hub.endpoint}/api/models is not a list of models")
        assert said in sentence(raised)
        hub.forget_requests()
        assert len(ids(collect(hub))) == 30
    assert hub.pages_asked == [2, 3]


def test_a_silent_server_is_asked_again_and_given_up(
    collect: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_client, "TIMEOUT_SECONDS", 0.2)
    with HubServer(models(30), page_size=10, by_page={2: [HANG], 3: [HANG] * 6}) as hub:
        with pytest.raises(ReportError) as raised:
            collect(hub)
        assert hub.pages_asked == [1, 2, 2, 3, 3, 3, 3, 3, 3]
    assert "page 3 of" in sentence(raised)
    assert "silent for 0.2 seconds" in sentence(raised)


def test_a_closed_port_is_told(collect: Any, waits: list[float]) -> None:
    with pytest.raises(ReportError) as raised:
        collect(f"http://127.0.0.1:{closed_port()}")
    assert "page 1 of" in sentence(raised)
    assert "cannot be reached" in sentence(raised)
    assert "no page was finished yet" in sentence(raised)
    assert len(waits) == 5


@pytest.mark.parametrize("endpoint", ["huggingface.example", "ftp://127.0.0.1", "http://[broken"])
def test_a_wrong_endpoint_is_told(collect: Any, waits: list[float], endpoint: str) -> None:
    with pytest.raises(ReportError, match="check the connection, the proxy and HF_ENDPOINT"):
        collect(endpoint)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_told(collect: Any, status: int) -> None:
    with HubServer(models(5), by_request={1: failing(status)}) as hub, pytest.raises(ReportError) as raised:
        collect(hub, token=SECRET)
    assert f"(status {status}): correct or unset HF_TOKEN" in sentence(raised)
    assert len(hub.requests) == 1


def test_offline_mode_is_told(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(models(5)) as hub:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(ReportError, match="HF_HUB_OFFLINE is set"):
            collect(hub)
    assert hub.requests == []


# --- Resuming --------------------------------------------------------------------------------------------

KILLED_RUN = """
import sys
from datetime import date
from pathlib import Path
from generator.sources import hub_api, hub_client
hub_api.collect(as_of=date.fromisoformat(sys.argv[1]), top=10_000, work_folder=Path(sys.argv[2]))
"""


def test_a_killed_run_goes_on_where_it_stopped(collect: Any, tmp_path: Path) -> None:
    with HubServer(models(5400), page_size=900, by_page={4: [HANG]}, total_count=99) as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "PYTHONPATH": str(ROOT)}
        run = [sys.executable, "-c", KILLED_RUN, str(TODAY), str(tmp_path / "work")]
        with subprocess.Popen(run, env=environment) as process:
            deadline = time.monotonic() + 20
            while 4 not in hub.pages_asked and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert hub.pages_asked == [1, 2, 3, 4]
        hub.forget_requests()
        snapshot = collect(hub)
        assert hub.pages_asked == [4, 5, 6]
    assert sorted(ids(snapshot)) == sorted(item["id"] for item in models(5400))
    coverage = snapshot.provenance.coverage
    assert (coverage["pages"], coverage["pages_resumed"], coverage["hub_total_models"]) == (6, 3, 99)


def test_an_interrupt_by_the_user_passes_and_can_be_resumed(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with HubServer(models(30), page_size=10, by_page={3: [failing(500)]}) as hub:
        with monkeypatch.context() as patched:
            patched.setattr(_http, "time", SimpleNamespace(sleep=interrupted))
            with pytest.raises(KeyboardInterrupt):
                collect(hub)
        hub.forget_requests()
        assert len(ids(collect(hub))) == 30
    assert hub.pages_asked == [3]


def test_a_resumed_run_gives_the_same_rows_as_an_unbroken_one(collect: Any, tmp_path: Path, waits: list[float]) -> None:
    with HubServer(models(50), page_size=10, by_page={4: [failing(503)] * 6}) as hub:
        with pytest.raises(ReportError):
            collect(hub)
        resumed = collect(hub)
        unbroken = collect(hub, work_folder=tmp_path / "elsewhere")
    assert resumed.models.equals(unbroken.models)


def test_a_finished_run_is_repeated_from_disk_until_its_pages_are_forgotten(collect: Any, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "keep.txt").write_text("not ours")
    with HubServer(models(30), page_size=10) as hub:
        collect(hub)
        hub.forget_requests()
        assert collect(hub).provenance.coverage["pages_resumed"] == 3
        assert hub.pages_asked == []
        hub_api.forget_pages(work)
        assert [path.name for path in work.iterdir()] == ["keep.txt"]
        assert collect(hub).provenance.coverage["pages_resumed"] == 0
    hub_api.forget_pages(tmp_path / "was-never-made")


def test_another_day_or_another_top_starts_afresh(collect: Any, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "hub-notes").mkdir(parents=True)
    yesterday = TODAY - timedelta(days=1)
    with HubServer(models(30), page_size=10) as hub:
        collect(hub, as_of=yesterday)
        collect(hub)
        assert hub.pages_asked == [1, 2, 3] * 2
        assert sorted(path.name for path in work.iterdir()) == [f"hub-{TODAY}-10000", "hub-notes"]
        collect(hub, top=25)
        assert hub.pages_asked == [1, 2, 3] * 3
        assert sorted(path.name for path in work.iterdir()) == [f"hub-{TODAY}-25", "hub-notes"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"7615616512", b"7615616513", 1),
        lambda content: b"",
        lambda content: b"garbage",
        lambda content: b"[]\n" + content.split(b"\n", 1)[1],
        lambda content: b"\xff\xfe\n\x00",
    ],
)
def test_a_damaged_page_is_fetched_again(collect: Any, tmp_path: Path, damage: Any) -> None:
    with HubServer(models(30), page_size=10) as hub:
        before = collect(hub)
        files = sorted((tmp_path / "work").glob("*/*.page"), key=lambda path: path.stat().st_mtime_ns)
        assert len(files) == 3
        files[1].write_bytes(damage(files[1].read_bytes()))
        files[0].with_suffix(".partial").write_bytes(b"half a pa")
        hub.forget_requests()
        after = collect(hub)
    assert hub.pages_asked == [2]
    assert after.models.equals(before.models)
    assert after.provenance.coverage["pages_resumed"] == 2


def test_a_page_with_a_wrong_field_is_not_kept(collect: Any) -> None:
    wrong = altered(lambda items: items[4].update(likes="many"))
    with HubServer(models(30), page_size=10, by_page={2: [wrong]}) as hub:
        with pytest.raises(ReportError):
            collect(hub)
        hub.forget_requests()
        assert len(ids(collect(hub))) == 30
    assert hub.pages_asked == [2, 3]


def test_a_folder_that_cannot_be_made_is_told(collect: Any, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file in the way")
    with HubServer(models(5)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "cannot make the folder" in sentence(raised)


def test_a_full_disk_is_told(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with HubServer(models(5)) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert "(No space left on device): make room" in sentence(raised)


def test_the_clients_own_session_is_given_back(collect: Any, waits: list[float]) -> None:
    with HubServer(models(5), by_request={2: HTML}) as hub:
        collect(hub)
        assert _http._GLOBAL_CLIENT_FACTORY is _http.default_client_factory
        with pytest.raises(ReportError):
            collect(hub, top=3)
    assert _http._GLOBAL_CLIENT_FACTORY is _http.default_client_factory
    assert type(_http.get_session()).__name__ == "Client"


# --- The token -------------------------------------------------------------------------------------------


def test_the_token_travels_in_the_header_and_nowhere_else(collect: Any, tmp_path: Path) -> None:
    with HubServer(models(30), page_size=10) as hub:
        snapshot = collect(hub, token=SECRET)
    assert len(hub.requests) == 3
    for request in hub.requests:
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        assert SECRET not in request.target
    assert SECRET not in repr(snapshot.provenance)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 3
    assert not any(SECRET.encode() in path.read_bytes() for path in written)


def test_the_token_of_the_environment_is_used(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(models(5)) as hub:
        monkeypatch.setenv("HF_TOKEN", SECRET)
        collect(hub)
    assert hub.requests[0].headers["authorization"] == f"Bearer {SECRET}"


def test_no_token_is_needed(collect: Any) -> None:
    with HubServer(models(5)) as hub:
        collect(hub)
    assert "authorization" not in {name.lower() for name in hub.requests[0].headers}


# --- Fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"downloads": "many"}, 'downloads is text ("many"), expected a whole number'),
        ({"downloads": 1.5}, "downloads is a number (1.5), expected a whole number"),
        ({"downloads": True}, "downloads is true, expected a whole number"),
        (
            {"downloadsAllTime": 2**63},
            "downloadsAllTime is a whole number (9223372036854775808), expected a whole",
        ),
        ({"likes": []}, "likes is a list, expected a whole number"),
        ({"likes": float("nan")}, "likes is a number (NaN), expected a whole number"),
        ({"trendingScore": "hot"}, 'trendingScore is text ("hot"), expected a number'),
        ({"trendingScore": float("inf")}, "trendingScore is a number (Infinity), expected a finite number"),
        (
            {"createdAt": "yesterday"},
            'createdAt is text ("yesterday"), expected a date such as 2024-07-18T08',
        ),
        ({"createdAt": 1721292960}, "createdAt is a whole number (1721292960), expected text"),
        ({"lastModified": "2024-13-45T00:00:00.000Z"}, "lastModified is text"),
        ({"author": 5}, "author is a whole number (5), expected text"),
        ({"author": "\ud800"}, "expected text that is valid Unicode"),
        ({"tags": "transformers"}, 'tags is text ("transformers"), expected a list'),
        ({"tags": ["a", None]}, "tags[1] is null, expected text"),
        ({"pipeline_tag": {}}, "pipeline_tag is an object, expected text"),
        ({"library_name": 1}, "library_name is a whole number (1), expected text"),
        ({"gated": "sometimes"}, 'gated is text ("sometimes"), expected false, "auto" or "manual"'),
        ({"gated": True}, 'gated is true, expected false, "auto" or "manual"'),
        ({"private": "no"}, 'private is text ("no"), expected true or false'),
        ({"safetensors": "7B"}, 'safetensors is text ("7B"), expected an object'),
        ({"safetensors": {"total": "7B"}}, 'safetensors.total is text ("7B"), expected a whole number'),
        (
            {"safetensors": {"parameters": {"F16": "x"}}},
            'safetensors.parameters.F16 is text ("x"), expected a whole',
        ),
        ({"gguf": [1]}, "gguf is a list, expected an object"),
        ({"gguf": {"total": 1.5}}, "gguf.total is a number (1.5), expected a whole number"),
        ({"baseModels": "a/b"}, 'baseModels is text ("a/b"), expected an object'),
        ({"baseModels": {"models": [{"_id": "1"}]}}, "baseModels.models[0].id is absent, expected text"),
        ({"cardData": ["mit"]}, "cardData is a list, expected an object"),
        ({"pipeline_tag": ["x" * 99]}, "pipeline_tag is a list, expected text"),
        ({"downloads": "9" * 99}, f'downloads is text ("{"9" * 56}…), expected a whole number'),
    ],
)
def test_a_wrong_type_is_told_with_model_and_field(collect: Any, fields: dict[str, Any], said: str) -> None:
    with (
        HubServer([model(0), model(1)], by_request={1: altered(lambda items: items[1].update(fields))}) as hub,
        pytest.raises(ReportError) as raised,
    ):
        collect(hub)
    message = sentence(raised)
    assert message.startswith(f"the Hub's answer for model '{model(1)['id']}': ")
    assert said in message
    assert message.count("\n") == 0
    assert "run the same command again to resume" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda items: items[2].pop("id"),
            "the Hub's answer for entry 3 of page 1 of {0}: id is absent, expected text",
        ),
        (lambda items: items[2].update(id=None), "for entry 3 of page 1 of {0}: id is null, expected text"),
        (
            lambda items: items[2].update(id=""),
            'entry 3 of page 1 of {0}: id is text (""), expected a model id',
        ),
        (lambda items: [*items, "a/b"], 'entry 6 of page 1 of {0} is text ("a/b"), expected an object'),
        (lambda items: [None], "entry 1 of page 1 of {0} is null, expected an object"),
    ],
)
def test_an_entry_without_an_id_is_told_by_its_place(collect: Any, change: Any, said: str) -> None:
    def fault(items: list[dict[str, Any]]) -> object:
        changed = change(items)
        return changed if isinstance(changed, list) else None

    with HubServer(models(5), by_request={1: altered(fault)}) as hub, pytest.raises(ReportError) as raised:
        collect(hub)
    assert said.format(f"{hub.endpoint}/api/models") in sentence(raised)


def test_all_fields_of_a_model(collect: Any) -> None:
    item = {
        "id": "bartowski/Qwen3-8B-GGUF",
        "author": "bartowski",
        "createdAt": "2025-04-28T15:30:01.999Z",
        "lastModified": "2025-05-01T00:00:00Z",
        "downloads": 12,
        "downloadsAllTime": 3_000_000_000,
        "likes": 0,
        "trendingScore": 1.5,
        "gated": "manual",
        "pipeline_tag": "text-generation",
        "library_name": "gguf",
        "tags": ["gguf", "license:mit", "base_model:Qwen/Qwen3-8B"],
        "cardData": {"license": "apache-2.0", "model-index": "nonsense by hand", "base_model": 7},
        "safetensors": {"parameters": {"U8": 5, "BF16": 7, "F32": None}, "total": 12, "sharded": True},
        "gguf": {"total": 8_190_735_360, "architecture": "qwen3", "context_length": 40_960},
        "baseModels": {"relation": "quantized", "models": [{"_id": "680f", "id": "Qwen/Qwen3-8B"}]},
        "somethingNew": {"of": ["next", "year"]},
    }
    with HubServer([{**item, "xetEnabled": True}], by_request={1: altered(lambda items: items[0].update(item))}) as hub:
        assert one(collect(hub)) == {
            "model_id": "bartowski/Qwen3-8B-GGUF",
            "author": "bartowski",
            "created_at": datetime(2025, 4, 28, 15, 30, 1),
            "last_modified": datetime(2025, 5, 1),
            "downloads_30d": 12,
            "downloads_all_time": 3_000_000_000,
            "likes": 0,
            "trending_score": 1.5,
            "pipeline_tag": "text-generation",
            "library_name": "gguf",
            "license": "mit",
            "gated": "manual",
            "tags": ["gguf", "license:mit", "base_model:Qwen/Qwen3-8B"],
            "base_models": ["Qwen/Qwen3-8B"],
            "base_relation": "quantized",
            "parameters": 12,
            "parameters_by_dtype": '{"BF16":7,"U8":5}',
            "gguf_architecture": "qwen3",
            "gguf_parameters": 8_190_735_360,
        }


def test_what_the_hub_leaves_out_or_gives_as_null_is_null(collect: Any) -> None:
    nulls = dict.fromkeys(hub_api.PROPERTIES)
    with HubServer([{"id": "gpt2"}, {"id": "nobody/nothing", **nulls}]) as hub:
        snapshot = collect(hub)
    bare, nothing = snapshot.models.to_pylist()
    assert {name for name, value in bare.items() if value is not None} == {"model_id"}
    assert {name for name, value in nothing.items() if value is not None} == {"model_id", "author"}
    assert nothing["author"] == "nobody"
    assert snapshot.provenance.coverage["lowest_downloads_30d"] is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"gated": False}, {"gated": "no"}),
        ({"gated": "auto"}, {"gated": "auto"}),
        ({"tags": [], "cardData": {"license": "mit"}}, {"license": "mit", "tags": []}),
        ({"tags": [], "cardData": {"license": ["gemma", "mit"]}}, {"license": "gemma"}),
        ({"tags": ["license:"], "cardData": {"license": {"name": "x"}}}, {"license": None}),
        ({"tags": [], "cardData": {}}, {"license": None}),
        ({"safetensors": {"total": 5}}, {"parameters": 5, "parameters_by_dtype": None}),
        ({"safetensors": {"parameters": {"I8": 3}}}, {"parameters": None, "parameters_by_dtype": '{"I8":3}'}),
        ({"safetensors": {}}, {"parameters": None, "parameters_by_dtype": None}),
        ({"gguf": {"total": 5}}, {"gguf_parameters": 5, "gguf_architecture": None}),
        ({"gguf": {}}, {"gguf_parameters": None, "gguf_architecture": None}),
        ({"trendingScore": 3}, {"trending_score": 3.0}),
        (
            {"baseModels": {"relation": "merge", "models": [{"id": "a/b"}, {"id": "c/d"}, {"id": "a/b"}]}},
            {"base_models": ["a/b", "c/d"], "base_relation": "merge"},
        ),
        (
            {"baseModels": [{"id": "a/b"}], "tags": ["base_model:adapter:a/b"]},
            {"base_models": ["a/b"], "base_relation": "adapter"},
        ),
        ({"baseModels": ["a/b"]}, {"base_models": ["a/b"], "base_relation": None}),
        ({"baseModels": {"relation": "cousin", "models": [{"id": "a/b"}]}}, {"base_relation": None}),
        (
            {"baseModels": {"models": []}, "tags": ["base_model:finetune:a/b"]},
            {"base_models": ["a/b"], "base_relation": "finetune"},
        ),
        ({"baseModels": None, "tags": ["base_model:a/b"]}, {"base_models": ["a/b"], "base_relation": None}),
    ],
)
def test_the_forms_a_field_may_take(collect: Any, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    with HubServer([model(0, **fields)]) as hub:
        row = one(collect(hub))
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([], ([], None)),
        (["transformers", "license:mit"], ([], None)),
        (["base_model:meta-llama/Llama-3.1-8B"], (["meta-llama/Llama-3.1-8B"], None)),
        (
            ["base_model:meta-llama/Llama-3.1-8B", "base_model:finetune:meta-llama/Llama-3.1-8B"],
            (["meta-llama/Llama-3.1-8B"], "finetune"),
        ),
        (["base_model:quantized:a/b"], (["a/b"], "quantized")),
        (
            ["base_model:c/d", "base_model:a/b", "base_model:merge:a/b", "base_model:merge:c/d"],
            (["c/d", "a/b"], "merge"),
        ),
        (["base_model:adapter:gpt2"], (["gpt2"], "adapter")),
        (["base_model:distilled:a/b"], (["a/b"], None)),
        (["base_model:adapter:a/b", "base_model:quantized:c/d"], (["a/b", "c/d"], "adapter")),
        (["base_model:", "base_model:finetune:", "base_model: "], ([], None)),
    ],
)
def test_base_models_from_tags(tags: list[str], expected: tuple[list[str], str | None]) -> None:
    assert base_models.from_tags(tags) == expected


# --- The progress bar ------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "shown"),
    [(Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)],
)
def test_the_progress_bar_shows_on_terminals_only(
    collect: Any, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, progress: bool, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with HubServer(models(20)) as hub:
        collect(hub, top=20, progress=progress)
    assert ("20/20" in stream.getvalue() and "models" in stream.getvalue()) == shown


# --- Reachable -------------------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_the_hub_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(models(5)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint + "/")
        assert hub_api.reachable() is True
        assert [request.query for request in hub.requests] == [{"limit": ["1"]}]
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert hub_api.reachable() is False
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        assert hub_api.reachable() is True


@pytest.mark.parametrize(
    "fault",
    [failing(503), too_many(Retry_After="1"), HTML, TRUNCATED, HALF, CLOSED, altered(lambda _: {"a": 1})],
)
def test_a_failing_hub_is_not_reachable_and_not_asked_twice(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    with HubServer(models(5), by_request={1: fault}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        assert hub_api.reachable() is False
    assert len(hub.requests) == 1


def test_a_silent_hub_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(models(5), by_request={1: HANG}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        began = time.monotonic()
        assert hub_api.reachable(timeout_seconds=0.3) is False
        assert time.monotonic() - began < 1.0


def test_a_slow_look_up_of_the_name_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> list[Any]:
        time.sleep(1.5)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    began = time.monotonic()
    assert hub_api.reachable(timeout_seconds=0.3) is False
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("endpoint", ["http://hub.invalid", "not an address", "http://[broken", "ftp://127.0.0.1"])
def test_an_impossible_endpoint_is_not_reachable(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    began = time.monotonic()
    assert hub_api.reachable() is False
    assert time.monotonic() - began < 3.5


def test_a_closed_port_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    assert hub_api.reachable() is False


def test_a_page_kept_on_disk_is_plain_json_without_unused_fields(collect: Any, tmp_path: Path) -> None:
    with HubServer(models(3)) as hub:
        collect(hub, as_of=date(2026, 1, 2))
    (file,) = (tmp_path / "work" / "hub-2026-01-02-10000").iterdir()
    head, body = file.read_bytes().split(b"\n", 1)
    assert set(json.loads(head)) == {"link", "total", "sha256"}
    assert json.loads(body)[0]["cardData"] == {"license": "apache-2.0"}
