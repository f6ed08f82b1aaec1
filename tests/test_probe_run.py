"""Putting questions to a scripted model through Inspect: planted bias, faults, resumption, and what goes out."""

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from probe_server import Reply, served
from samples import ROOT, sentence

from generator.cli import main
from generator.errors import ReportError
from generator.probe import answers, asking, figures, judge, results
from generator.probe import run as runs
from generator.probe.asking import Endpoint, Request, Sampling, available
from generator.probe.figures import Contrast
from generator.probe.questions import QuestionSet, load
from generator.probe.run import Plan, folder_of
from generator.probe.score import RULES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="needs Inspect: pip install 'open-model-report[probe]'"),
]

QUESTIONS: QuestionSet = load()
ROLES = {question.text(code): question.role for question in QUESTIONS.questions for code in ("en", "zh")}
SETS = tuple(matched.id for matched in QUESTIONS.sets)
REFUSAL = "I'm sorry, but I cannot discuss this topic."
ANSWER = "In 1901 there were 12 of them, and in 1902 there were 34; that much is on record."


def plan(url: str, sets: tuple[str, ...] = SETS[:2], **other: Any) -> Plan:
    usual = {"samples": 1, "languages": ("en",), "country": "CN"}
    endpoint = Endpoint(url=url, model="test/scripted", retries=0, connections=8, timeout=20)
    return Plan(endpoint=endpoint, sampling=Sampling(), sets=sets, **(usual | other))


def asked(sets: tuple[str, ...]) -> int:
    return sum(len(matched.questions) for matched in QUESTIONS.sets if matched.id in sets)


def chance(question: str, seed: int) -> float:
    return int(hashlib.sha256(f"planted {question} {seed}".encode()).hexdigest()[:8], 16) / 2**32


def biased(question: str, seed: int, number: int) -> Reply:
    """Refuses sensitive questions at 60 percent, others at 5."""
    return Reply(REFUSAL if chance(question, seed) < (0.6 if ROLES[question] == "sensitive" else 0.05) else ANSWER)


def difference(folder: Path, measure: str) -> Any:
    table = figures.differences(results.load(folder).verdicts, [Contrast("CN", "en", "others", "en")])
    [row] = table[table["measure"] == measure].to_dict("records")
    return row


# What comes out


def test_a_planted_bias_is_recovered(tmp_path: Path) -> None:
    with served(biased) as server:
        runs.run(plan(server.url, SETS[:40]), QUESTIONS, tmp_path)
    found = difference(tmp_path, "refusal")
    assert found["sets"] == 40 and found["lower"] <= 0.55 <= found["upper"]
    assert found["claim"] == "more" and found["lower"] > 0.2
    assert found["set_aside"] == 0


def test_a_model_that_refuses_everything_shows_no_difference(tmp_path: Path) -> None:
    with served(lambda *_: Reply(REFUSAL)) as server:
        runs.run(plan(server.url, SETS[:8]), QUESTIONS, tmp_path)
    found = difference(tmp_path, "refusal")
    assert (found["rate"], found["against_rate"], found["difference"], found["claim"]) == (1, 1, 0, "none")


def test_what_is_sent_is_the_question_with_its_settings_and_nothing_else(tmp_path: Path) -> None:
    with served(biased) as server:
        made = plan(server.url, SETS[:1], samples=2, seed=40)
        runs.run(made, QUESTIONS, tmp_path)
    assert len(server.requests) == 2 * asked(SETS[:1])
    for request in server.requests:
        assert set(request) == {"model", "messages", "temperature", "max_tokens", "seed", "path"}
        assert (request["model"], request["temperature"], request["max_tokens"]) == ("test/scripted", 0.7, 1024)
        assert [set(message) for message in request["messages"]] == [{"role", "content"}]
        assert request["path"] == "/v1/chat/completions" and request["messages"][0]["content"] in ROLES
    # Servers that honour seeds would otherwise give the same answer twice.
    assert {request["seed"] for request in server.requests} == {40, 41}
    written = results.load(tmp_path).scored
    assert {(answer.seed, answer.temperature, answer.max_tokens) for answer, _ in written} == {
        (40, 0.7, 1024),
        (41, 0.7, 1024),
    }


def test_nothing_goes_anywhere_but_to_the_endpoint(tmp_path: Path) -> None:
    """A process of its own whose every connection and look-up of a name is recorded."""
    code = """
import sys
seen = []
def watch(event, arguments):
    if event == "socket.connect":
        seen.append(arguments[1])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        seen.append((arguments[0], arguments[1] if len(arguments) > 1 else None))
sys.addaudithook(watch)
from pathlib import Path
from generator.probe.questions import load
from generator.probe.run import Plan, run
from generator.probe.asking import Endpoint, Sampling
questions = load()
endpoint = Endpoint(url=sys.argv[1], model="test/scripted", retries=0)
plan = Plan(endpoint, Sampling(), 1, languages=("en",), sets=(next(iter(questions.sets)).id,))
run(plan, questions, Path(sys.argv[2]))
print("SEEN", sorted({(str(place[0]), str(place[1])) if isinstance(place, tuple) else (place, "") for place in seen}))
"""
    with served(biased) as server:
        done = subprocess.run(
            [sys.executable, "-c", code, server.url, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "INSPECT_TELEMETRY": "somewhere/else", "HOME": str(tmp_path)},
        )
    port = server.url.split(":")[2].split("/")[0]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("SEEN")]
    seen = set(eval(line.removeprefix("SEEN ")))
    assert seen and seen <= {("127.0.0.1", port)}, seen


# Going on


def test_a_killed_run_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_probe_run import QUESTIONS, SETS, plan, runs
runs.run(plan(sys.argv[1], SETS[:4]), QUESTIONS, Path(sys.argv[2]))
"""
    total = asked(SETS[:4])
    with served(biased, pause=0.4) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", code, server.url, str(tmp_path), str(ROOT / "tests")],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(server.requests) < 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
        before = len(server.requests)
        folder = folder_of(tmp_path, "test/scripted", QUESTIONS)
        kept = [response for response in asking.responses(folder) if not response.error]
        assert kept, "a killed run left nothing"
        # At most what was under way is lost.
        assert len(kept) >= before - 8
        runs.run(plan(server.url, SETS[:4]), QUESTIONS, tmp_path)
        assert len(server.requests) == before + total - len(kept)
    assert len(results.load(tmp_path).scored) == total


def test_an_endpoint_that_goes_down_is_named_and_the_run_goes_on(tmp_path: Path) -> None:
    down = Reply(hang_up=True)
    with served(lambda question, seed, number: down if number >= 4 else Reply(ANSWER)) as server:
        made = plan(server.url)
        with pytest.raises(ReportError) as raised:
            runs.run(made, QUESTIONS, tmp_path)
    said = sentence(raised)
    assert server.url in said and "APIConnectionError" in said and "run the same command again" in said
    # On a busy machine a closed connection may be noticed as another fault, which is recorded and asked again.
    kept = sum(not answer.error for answer, _ in results.load(tmp_path).scored)
    assert 0 < kept < asked(SETS[:2])
    with served(biased) as server:
        runs.run(plan(server.url), QUESTIONS, tmp_path)
        assert len(server.requests) == asked(SETS[:2]) - kept
    assert len(results.load(tmp_path).scored) == asked(SETS[:2])
    # And when all is there, nothing is asked.
    with served(biased) as server:
        runs.run(plan(server.url), QUESTIONS, tmp_path)
        assert not server.requests


def test_a_run_is_kept_in_several_logs_and_stops_in_any_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PER_LOG", 5)
    sets = SETS[:4]
    total = asked(sets)
    assert total > 15
    folder = folder_of(tmp_path, "test/scripted", QUESTIONS)
    with served(lambda question, seed, number: Reply(hang_up=True) if number >= 8 else Reply(ANSWER)) as server:
        with pytest.raises(ReportError, match="run the same command again"):
            runs.run(plan(server.url, sets), QUESTIONS, tmp_path)
        questions = {request["messages"][-1]["content"] for request in server.requests}
    assert len(questions) <= 10, "the logs that follow were begun"
    assert len(list(folder.glob("*.eval"))) == 2
    kept = sum(not response.error for response in asking.responses(folder))
    assert 5 <= kept <= 9
    with served(biased) as server:
        runs.run(plan(server.url, sets), QUESTIONS, tmp_path)
        assert len(server.requests) == total - kept
    assert len(list(folder.glob("*.eval"))) == 2 + math.ceil((total - kept) / 5)
    assert len(results.load(tmp_path).scored) == total


@pytest.mark.parametrize(("status", "name"), [(401, "AuthenticationError"), (404, "NotFoundError")])
def test_a_refused_key_or_an_unknown_model_stops_at_once(tmp_path: Path, status: int, name: str) -> None:
    with served(lambda *_: Reply(status=status)) as server:
        with pytest.raises(ReportError) as raised:
            runs.run(plan(server.url, SETS[:6]), QUESTIONS, tmp_path)
        assert name in sentence(raised)
        assert len(server.requests) <= 8


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="the endpoint does not answer"):
        runs.run(plan("http://127.0.0.1:9/v1"), QUESTIONS, tmp_path)


def test_answers_drawn_otherwise_are_not_mixed(tmp_path: Path) -> None:
    with served(biased) as server:
        runs.run(plan(server.url, SETS[:1]), QUESTIONS, tmp_path)
        with pytest.raises(ReportError) as raised:
            runs.run(plan(server.url, SETS[:1], seed=7), QUESTIONS, tmp_path)
    assert "holds answers drawn with seed 1, not 7" in sentence(raised)


# Faults


def test_faulty_answers_are_flagged_and_asked_again(tmp_path: Path) -> None:
    faults = {
        0: Reply(raw=b'{"choices": ['),
        1: Reply(status=500),
        2: Reply(text=None),
        3: Reply(text="x" * 10_000_000),
        4: Reply(text="По данным очевидцев, это произошло летом, и погибло много людей."),
        5: Reply(text="", reasoning="The user asks", finish_reason="length"),
        6: Reply(text="The army moved into the city and the", finish_reason="length"),
    }
    sets = SETS[:3]
    with served(lambda question, seed, number: faults.get(number, Reply(ANSWER))) as server:
        written = runs.run(plan(server.url, sets), QUESTIONS, tmp_path)
        found = results.load(tmp_path)
        verdicts = sorted(score.verdict for _, score in found.scored)
        assert len(verdicts) == asked(sets)
        # Cut off within the reasoning is truncated, not empty.
        assert [verdicts.count(kind) for kind in ("error", "empty", "unread")] == [1, 1, 1]
        [within] = [score for answer, score in found.scored if answer.stop_reason == "max_tokens" and not answer.answer]
        assert within.verdict == "truncated" and within.fact_coverage is None
        [oversized] = [(answer, score) for answer, score in found.scored if score.oversized]
        assert oversized[0].characters == 10_000_000 and len(oversized[0].answer) == answers.KEPT_CHARACTERS
        assert {score.answer_language for _, score in found.scored} >= {"ru", "en"}
        assert all(len(line) < 50_000 for line in written.read_text().splitlines())
        errors = [answer.error for answer, _ in found.scored if answer.error]
        # The server error was tried again within the run.
        assert len(errors) == 1 and "JSON" in errors[0]
        before = len(server.requests)
        runs.run(plan(server.url, sets), QUESTIONS, tmp_path)
        assert len(server.requests) == before + 1, "what failed is asked again, and only that"
    assert not [answer for answer, _ in results.load(tmp_path).scored if answer.error]


def test_an_endpoint_that_only_fails_is_given_up(tmp_path: Path) -> None:
    with served(lambda *_: Reply(status=500)) as server:
        with pytest.raises(ReportError, match="does not answer"):
            runs.run(plan(server.url, SETS), QUESTIONS, tmp_path)
        assert len(server.requests) < asked(SETS) / 2


def test_answers_to_another_version_are_left_out_and_said(tmp_path: Path) -> None:
    with served(biased) as server:
        path = runs.run(plan(server.url, SETS[:1]), QUESTIONS, tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["question_set"] = "2020.01"
    lines[1]["prompt"] = "Another wording?"
    lines[2]["question"] = "no-such-question"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = results.load(tmp_path)
    assert len(found.scored) == len(lines) - 3 and len(found.left_out) == 3
    assert any("version 2020.01" in said for said in found.left_out)
    assert any("worded otherwise" in said for said in found.left_out)
    # A damaged file is named with its line; the logs have everything, so it can be written anew.
    path.write_text(path.read_text() + '{"model": 1}\n')
    with pytest.raises(ReportError) as raised:
        results.load(tmp_path)
    assert f"{path}, line {len(lines) + 1}" in sentence(raised)
    runs.export(path.parent)
    assert len(results.load(tmp_path).scored) == len(lines)


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "test/scripted", QUESTIONS)
    folder.mkdir(parents=True)
    (folder / "2026-01-01_probe.eval").write_bytes(b"PK not a log")
    with pytest.raises(ReportError, match="cannot be read as a log of Inspect"):
        runs.run(plan("http://127.0.0.1:9/v1"), QUESTIONS, tmp_path)


# Limits and costs


def test_the_cost_is_known_before(tmp_path: Path) -> None:
    made = plan("http://127.0.0.1:9/v1", SETS[:1], samples=3, languages=("en", "zh"))
    requests = runs.requests(made, QUESTIONS)
    found = runs.cost(requests, made.sampling)
    assert found.requests == len(requests) == 6 * asked(SETS[:1])
    assert found.answer_tokens == 1024 * found.requests and found.price(2.0) > 0.002 * found.requests
    assert len({request.id for request in requests}) == len(requests)


def test_requests_keep_the_pace_and_the_number_of_connections(tmp_path: Path) -> None:
    made = [Request(str(number), f"q{number}", 1, {}) for number in range(5)]
    with served(lambda *_: Reply(ANSWER), pause=0.05) as server:
        endpoint = Endpoint(url=server.url, model="m", connections=2, per_minute=240, retries=0)
        started = time.monotonic()
        asking.ask(made, endpoint, Sampling(), tmp_path, {})
        assert time.monotonic() - started >= 4 * 0.25
    assert server.most_at_once <= 2


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(ReportError, match="no set 'mars'"):
        runs.requests(plan("http://x/v1", ("mars",)), QUESTIONS)


# The judge


def test_a_judge_reads_by_the_rubric_and_is_compared_with_the_rules(tmp_path: Path) -> None:
    def judging(question: str, seed: int, number: int) -> Reply:
        return Reply("It declines.\nVerdict: refusal" if REFUSAL in question else "It tells.\nVerdict: answered")

    with served(biased) as server:
        path = runs.run(plan(server.url, SETS[:6]), QUESTIONS, tmp_path)
    loaded = answers.load(tmp_path, QUESTIONS).answers
    with served(judging) as server:
        endpoint = Endpoint(url=server.url, model="judge/one", retries=0)
        judge.judge(loaded, QUESTIONS, endpoint, path.parent)
        assert all("What a factual answer could contain" in question for question in server.questions)
        assert {request["temperature"] for request in server.requests} == {0}
        before = len(server.requests)
        judge.judge(loaded, QUESTIONS, endpoint, path.parent)
        assert len(server.requests) == before == len(loaded)
    verdicts = results.load(tmp_path).verdicts
    assert set(verdicts["judge"]) == {RULES, "judge/one"}
    table = figures.agreement(verdicts)
    assert table["answers"].sum() == len(loaded) and (table["kappa"].dropna() == 1).all()


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("Verdict: evasion", "evasion"),
        ("<think>refusal? no</think>Verdict: Answered.", "answered"),
        ("I see no reason to call it a refusal.\nVerdict: evasion", "evasion"),
        ("", "error"),
        ("Good answer", "error"),
    ],
)
def test_a_judge_s_reply(reply: str, label: str) -> None:
    assert judge.verdict(reply) == label


# The command line


def command(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(main, ["--settings", str(folder / "report.toml"), "probe", *words])


def test_the_command_says_what_it_will_do_and_what_came_out(tmp_path: Path) -> None:
    with served(biased) as server:
        words = ("run", "--model", "test/scripted", "--endpoint", server.url, "--set", SETS[0], "--samples", "1")
        done = command(tmp_path, *words, "--price-per-million", "3", "--country", "CN", "--retries", "0")
    assert done.exit_code == 0, done.output
    count = 2 * asked(SETS[:1])
    assert f"{count} requests to {server.url}" in done.output and "at most" in done.output
    assert done.output.index("requests to") < done.output.index("Answers:")
    assert f"test/scripted by {RULES}: {count} answers" in done.output
    again = command(tmp_path, "status")
    assert again.exit_code == 0 and f"{count} answers" in again.output
    anew = command(tmp_path, "score")
    assert anew.exit_code == 0 and "answers.jsonl" in anew.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--model", "m", "--endpoint", "ftp://x"), "--endpoint ftp://x: is no address"),
        (("run", "--model", "a b", "--endpoint", "http://x/v1"), "is no name of a model"),
        (("run", "--model", "m", "--endpoint", "http://x/v1", "--country", "China"), "is no ISO 3166-1"),
        (("run", "--model", "m", "--endpoint", "http://x/v1", "--set", "mars"), "no set 'mars'"),
        (("judge", "--model", "m", "--endpoint", "http://x/v1", "--answers-of", "n"), "holds no answers of n"),
    ],
)
def test_a_slip_is_one_sentence(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = command(tmp_path, *words)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output


def test_the_questions_are_listed(tmp_path: Path) -> None:
    done = command(tmp_path, "questions")
    assert done.exit_code == 0 and all(name in done.output for name in SETS)


def test_without_inspect_the_command_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    done = command(tmp_path, "run", "--model", "m", "--endpoint", "http://127.0.0.1:9/v1")
    assert done.exit_code == 1 and "pip install 'open-model-report[probe]'" in done.output
