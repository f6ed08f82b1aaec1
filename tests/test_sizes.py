"""How large a model is: names, headers, packed weights."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from samples import DATA, needs_real

from generator import archive, dataset, engines
from generator.dataset import Dataset
from generator.sources import files
from generator.traits.sizes import SIZE_CLASSES, UNKNOWN, sizes

DAY = date(2026, 5, 31)
B = 1_000_000_000

NAMES: list[tuple[str, float | None, float | None, bool]] = [
    # Name, total and active billions by the name alone, mixture of experts.
    ("Qwen/Qwen2.5-7B-Instruct-1M", 7, 7, False),
    ("meta-llama/Llama-3.2-1B", 1, 1, False),
    ("meta-llama/Llama-2-13b-chat-hf", 13, 13, False),
    ("facebook/opt-125m", 0.125, 0.125, False),
    ("Youlln/ECE-Qwen0.5B-FT-V2", 0.5, 0.5, False),
    ("internlm/internlm2_5-1_8b-chat", 1.8, 1.8, False),
    ("x/Llama_3_8B", 8, 8, False),
    ("iFaz/llama32_3B_en_emo_v3", 3, 3, False),
    ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", 1.1, 1.1, False),
    ("Qwen/Qwen3-30B-A3B", 30, 3, True),
    ("Qwen/Qwen3-Next-80B-A3B-Instruct", 80, 3, True),
    ("ibm-granite/granite-3.1-3b-a800m-instruct", 3, 0.8, True),
    ("Qwen/Qwen1.5-MoE-A2.7B", None, 2.7, True),
    ("mistralai/Mixtral-8x7B-v0.1", 56, 14, True),
    ("mistralai/Mixtral-8x22B-v0.1", 176, 44, True),
    ("mixtao/MixTAO-7Bx2-MoE-v8.1", 14, 14, True),
    ("cloudyu/Mixtral_34Bx2_MoE_60B", 60, 60, True),
    ("allenai/OLMoE-1B-7B-0924", 7, 1, True),
    ("meta-llama/Llama-4-Scout-17B-16E-Instruct", None, 17, True),
    ("google/gemma-3n-E2B-it", None, 2, False),
    ("microsoft/Phi-3.5-MoE-instruct", None, None, True),
    ("microsoft/phi-4", None, None, False),
    ("openai/clip-vit-base-patch32", None, None, False),
    ("NousResearch/Yarn-Mistral-7b-128k", 7, 7, False),
    ("akhadangi/Llama3.2.1B.0.1-L", None, None, False),
    ("7b/nothing", None, None, False),
    ("x/zero-0B", None, None, False),
    ("x/bench-1234567890123456789012b", None, None, False),
]


@pytest.fixture(scope="module")
def traits(open_dataset: Callable[..., Dataset]) -> Callable[..., dict[str, dict[str, Any]]]:
    def told(*rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
        data = open_dataset({DAY: list(rows)})
        frame = data.named(sizes(data)).to_pandas()
        frame = frame.astype(object).where(frame.notna(), None)
        return {row["model_id"]: row for row in frame.to_dict("records")}

    return told


def test_names(traits: Callable[..., dict[str, dict[str, Any]]]) -> None:
    found = traits(*({"model_id": name} for name, *_ in NAMES))
    for name, total, active, moe in NAMES:
        row = found[name]
        expected = None if total is None else round(total * B)
        assert row["parameters"] == expected, name
        assert row["active_parameters"] == (None if active is None else round(active * B)), name
        assert row["parameters_source"] == (None if total is None else "name"), name
        assert row["is_moe"] == moe, name
        assert not row["is_quantised"] and not row["is_distilled"], name


@pytest.mark.parametrize(
    ("name", "stored", "expected", "source"),
    [
        # As the Hub counts a bitsandbytes file that it can unpack, and as it counts one that it cannot.
        ("unsloth/phi-4-14b-bnb-4bit", {"U8": 14_057_568_638, "BF16": 1_028_019_200}, 15_085_587_838, "safetensors"),
        ("FINGU-AI/Ultimos-32B", {"U8": 16_090_475_626, "F16": 1_557_697_536}, 33_738_648_788, "safetensors"),
        # GPTQ: eight weights in an I32.
        ("a/b-7B-GPTQ", {"I32": 809_500_672, "F16": 314_605_568}, 6_790_610_944, "safetensors"),
        ("a/b-7B-AWQ", {"I32": 6_476_005_376, "F16": 314_605_568}, 6_790_610_944, "safetensors"),
        ("a/b-7B-GPTQ-8bit", {"I32": 1_619_001_344, "F16": 314_605_568}, 6_790_610_944, "safetensors"),
        # Off by more than 30% however it is read.
        ("a/b-70B-GPTQ", {"I32": 100_000_000, "F16": 10_000_000}, 70 * B, "name"),
        # Masks stored beside the weights.
        ("EleutherAI/pythia-160m", {"U8": 50_331_648, "F16": 162_323_040}, 162_323_040, "safetensors"),
        # FP4 in I8 with scales, no figure in the name.
        ("d/V4", {"I8": 786 * B, "F8_E8M0": 49 * B, "BF16": 3 * B}, 1575 * B, "safetensors"),
        # Not packed: the header is believed, whatever the name says.
        ("oopere/pruned60-llama-3.2-3b", {"F16": 1_944_443_904}, 1_944_443_904, "safetensors"),
        # Nothing to compare with.
        ("a/packed-or-not", {"I32": 6 * B, "F16": B}, 7 * B, "safetensors"),
    ],
)  # fmt: skip
def test_packed_weights(
    traits: Callable[..., dict[str, dict[str, Any]]], name: str, stored: dict[str, int], expected: int, source: str
) -> None:
    row = traits({"model_id": name, "parameters": sum(stored.values()), "parameters_by_dtype": json.dumps(stored)})
    assert (row[name]["parameters"], row[name]["parameters_source"]) == (expected, source)


def test_made_up_headers_are_unknown(traits: Callable[..., dict[str, dict[str, Any]]]) -> None:
    rows = [
        {"model_id": "a/huge", "parameters": 2**63 - 1},
        {"model_id": "a/huger", "parameters_by_dtype": '{"I32": 99999999999999999999999, "F16": 1}'},
        {"model_id": "a/broken", "parameters_by_dtype": "{"},
        {"model_id": "a/huge-gguf", "gguf_parameters": 2**62},
    ]
    assert {row["parameters"] for row in traits(*rows).values()} == {None}


def test_the_base_model_s_name_and_the_gguf_header_help(traits: Callable[..., dict[str, dict[str, Any]]]) -> None:
    packed = {"parameters": 1_124_106_240, "parameters_by_dtype": '{"I32": 809500672, "F16": 314605568}'}
    quantized = {"base_models": ["Qwen/b-7B"], "base_relation": "quantized"}
    found = traits(
        {"model_id": "a/by-base", **packed, **quantized},
        {"model_id": "a/by-gguf", **packed, "gguf_parameters": 6_800_000_000},
        {"model_id": "a/finetune", **packed, "base_models": ["Qwen/b-7B"], "base_relation": "finetune"},
        {"model_id": "a/gguf-8B", "gguf_parameters": 7_900_000_000},
        {"model_id": "a/name-of-base", **quantized},
        {"model_id": "a/adapter-of-7B", "base_models": ["Qwen/b-7B"], "base_relation": "adapter"},
        {"model_id": "a/total-too-small-24B", "parameters": 414_720, "parameters_by_dtype": '{"BF16": 23572403200}'},
    )
    assert {name: (row["parameters"], row["parameters_source"]) for name, row in found.items()} == {
        "a/by-base": (6_790_610_944, "safetensors"),
        "a/by-gguf": (6_790_610_944, "safetensors"),
        "a/finetune": (1_124_106_240, "safetensors"),
        "a/gguf-8B": (7_900_000_000, "gguf"),
        "a/name-of-base": (7 * B, "name"),
        "a/adapter-of-7B": (None, None),
        "a/total-too-small-24B": (23_572_403_200, "safetensors"),
    }


def test_kinds(traits: Callable[..., dict[str, dict[str, Any]]]) -> None:
    sixteen = {"parameters": 8 * B, "parameters_by_dtype": '{"BF16": 8000000000}'}
    eight = {"parameters": 8 * B, "parameters_by_dtype": '{"F8_E4M3": 7000000000, "BF16": 1000000000}'}
    cases: list[tuple[dict[str, Any], tuple[bool, bool, bool]]] = [
        ({"model_id": "a/x-GGUF"}, (True, False, False)),
        ({"model_id": "a/x-AWQ"}, (True, False, False)),
        ({"model_id": "maldv/Awqward2.5"}, (False, False, False)),
        ({"model_id": "a/x-int4-mixed"}, (True, False, False)),
        ({"model_id": "a/x-NVFP4"}, (True, False, False)),
        ({"model_id": "a/x-4bit"}, (True, False, False)),
        ({"model_id": "a/x-bf16"}, (False, False, False)),
        ({"model_id": "a/tagged", "tags": ["fp8", "region:us"]}, (True, False, False)),
        ({"model_id": "a/of-a-tagged", "tags": ["base_model:b/y-fp8", "arxiv:gptq"]}, (False, False, False)),
        ({"model_id": "a/native", **eight}, (True, False, False)),
        ({"model_id": "a/said", "base_relation": "quantized"}, (True, False, False)),
        # The Hub says so of a repository that offers a GGUF file beside its full weights.
        ({"model_id": "a/said-but-16", "base_relation": "quantized", **sixteen}, (False, False, False)),
        ({"model_id": "google/gemma-2b", "tags": ["gguf"], "library_name": "transformers"}, (False, False, False)),
        ({"model_id": "a/only-gguf", "tags": ["gguf"]}, (True, False, False)),
        ({"model_id": "a/r1", "tags": ["transformers", "deepseek_v3"]}, (False, True, False)),
        ({"model_id": "a/q3", "tags": ["qwen3_vl_moe"]}, (False, True, False)),
        ({"model_id": "a/micro", "tags": ["granitemoehybrid"]}, (False, False, False)),
        ({"model_id": "moe/x"}, (False, False, False)),
        ({"model_id": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"}, (False, False, True)),
        ({"model_id": "distilbert/distilgpt2"}, (False, False, True)),
        ({"model_id": "a/t", "tags": ["Distillation"]}, (False, False, True)),
        ({"model_id": "a/u", "tags": ["dataset:b/distilled", "base_model:c/distil"]}, (False, False, False)),
        ({"model_id": "a/<script>b|c*"}, (False, False, False)),
    ]
    found = traits(*(row for row, _ in cases))
    for row, expected in cases:
        told = found[row["model_id"]]
        assert (told["is_quantised"], told["is_moe"], told["is_distilled"]) == expected, row


def test_classes_include_their_lower_bound(traits: Callable[..., dict[str, dict[str, Any]]]) -> None:
    bounds = [round(bound) for _, bound in SIZE_CLASSES]
    rows = [{"model_id": f"a/at-{bound}", "parameters": bound} for bound in bounds[1:]]
    rows += [{"model_id": f"a/below-{bound}", "parameters": bound - 1} for bound in bounds[1:]]
    found = traits(*rows, {"model_id": "a/nought", "parameters": 0})
    labels = [label for label, _ in SIZE_CLASSES]
    assert [found[f"a/at-{bound}"]["size_class"] for bound in bounds[1:]] == labels[1:]
    assert [found[f"a/below-{bound}"]["size_class"] for bound in bounds[1:]] == labels[:-1]
    assert (found["a/nought"]["parameters"], found["a/nought"]["size_class"]) == (None, UNKNOWN)


@needs_real("hub_models_2026-05.parquet")
def test_real_models(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(DATA / "hub_models_2026-05.parquet", as_of=date(2026, 5, 20)):
        archive.add(folder, snapshot)
    data = dataset.load(engines.connect(), archive.entries(folder))
    told = data.named(sizes(data)).to_pandas().set_index("model_id")
    assert len(told) == 4167
    sources = told["parameters_source"].value_counts(dropna=False).to_dict()
    assert (sources["safetensors"], sources["name"], sources["gguf"]) == (3759, 271, 15)
    assert told["size_class"].value_counts().to_dict() == {
        "3–10B": 2039, "10–40B": 974, "1–3B": 403, "<1B": 336, "40–100B": 219, UNKNOWN: 122, "≥100B": 74,
    }  # fmt: skip
    # Published totals: 1.6 T; 480 B; 13.2 B (the FP8 twin's count); 46.7 B.
    for name, billions in {
        "deepseek-ai/DeepSeek-V4-Pro": 1600,
        "Intel/Qwen3-Coder-480B-A35B-Instruct-int4-mixed-AutoRound": 480,
        "nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL-NVFP4-QAD": 13.2,
        "mistralai/Mixtral-8x7B-v0.1": 46.7,
        "moonshotai/Kimi-K2-Thinking": 1040,
        "EleutherAI/pythia-160m": 0.162,
    }.items():
        assert told.loc[name, "parameters"] == pytest.approx(billions * B, rel=0.06), name
