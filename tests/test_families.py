"""Families of models: the published rules on known ids, lineage before names, a sound table."""

import csv
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest

from generator.attribution import attribute, families
from generator.dataset import Dataset
from generator.errors import ReportError

KNOWN = {
    "Qwen/Qwen3-8B": ("Qwen", "Alibaba"),
    "bartowski/QwQ-32B-GGUF": ("Qwen", "Alibaba"),
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": ("DeepSeek", "DeepSeek"),
    "meta-llama/Llama-3.1-8B-Instruct": ("Llama", "Meta"),
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": ("TinyLlama", "TinyLlama"),
    "TheBloke/CodeLlama-7B-GGUF": ("Llama", "Meta"),
    "google/gemma-3-4b-it": ("Gemma", "Google"),
    "google-bert/bert-base-uncased": ("BERT", "Google"),
    "FacebookAI/xlm-roberta-base": ("RoBERTa", "Meta"),
    "distilbert/distilbert-base-uncased": ("DistilBERT", "Hugging Face"),
    "openai/clip-vit-base-patch32": ("CLIP", "OpenAI"),
    "openai-community/gpt2": ("GPT-2", "OpenAI"),
    "openai/gpt-oss-20b": ("gpt-oss", "OpenAI"),
    "openai/whisper-large-v3": ("Whisper", "OpenAI"),
    "BAAI/bge-m3": ("BGE", "Beijing Academy of Artificial Intelligence"),
    "mistralai/Mixtral-8x7B-v0.1": ("Mixtral", "Mistral AI"),
    "mistralai/Mistral-7B-v0.1": ("Mistral", "Mistral AI"),
    "sentence-transformers/all-MiniLM-L6-v2": ("MiniLM", "Microsoft"),
    "zai-org/GLM-4.5": ("GLM", "Z.ai"),
    "moonshotai/Kimi-K2-Instruct": ("Kimi", "Moonshot AI"),
    "someone/my-private-model": (None, None),
    "someone/optimus": (None, None),
}


def test_known_ids() -> None:
    rules = families.load()
    ids = ibis.memtable(pd.DataFrame({"model_id": list(KNOWN)}))
    found = ids.select(
        "model_id",
        family=families.family_of(ids.model_id, rules),
        developer=families.developer_of(ids.model_id, rules),
    ).to_pandas()
    found = found.astype(object).where(found.notna(), None)
    assert {row.model_id: (row.family, row.developer) for row in found.itertuples()} == KNOWN


def test_case_is_ignored_and_the_first_rule_wins() -> None:
    rules = [families.Rule("First", "A", "alpha"), families.Rule("Second", "B", "alpha|beta")]
    ids = ibis.memtable(pd.DataFrame({"model_id": ["x/ALPHA-beta", "x/Beta", "x/gamma"]}))
    found = ids.select("model_id", family=families.family_of(ids.model_id, rules)).to_pandas()
    found = found.set_index("model_id").family
    assert (found["x/ALPHA-beta"], found["x/Beta"]) == ("First", "Second")
    assert pd.isna(found["x/gamma"])


def test_lineage_comes_before_names(open_dataset: Callable[..., Dataset]) -> None:
    models = [
        {"model_id": "meta-llama/Llama-3.1-8B"},
        # Its name says Qwen, its lineage Llama.
        {"model_id": "someone/qwen-style-chat", "base_models": ["meta-llama/Llama-3.1-8B"]},
        {"model_id": "someone/on-top", "base_models": ["someone/qwen-style-chat"]},
        # The root tells nothing, so the name decides.
        {"model_id": "someone/gemma-tune", "base_models": ["someone/secret-base"]},
        # Several roots or none: the name decides.
        {"model_id": "someone/qwen-merge", "base_models": ["meta-llama/Llama-3.1-8B", "google/gemma-2-9b"]},
        {"model_id": "someone/mistral-ring", "base_models": ["someone/ring"]},
        {"model_id": "someone/ring", "base_models": ["someone/mistral-ring"]},
        {"model_id": "someone/plain"},
    ]
    data = open_dataset({date(2026, 1, 31): models})
    found = attribute(data).models.to_pandas().set_index("model_id").family
    assert found.fillna("").to_dict() == {
        "meta-llama/Llama-3.1-8B": "Llama",
        "someone/qwen-style-chat": "Llama",
        "someone/on-top": "Llama",
        "someone/gemma-tune": "Gemma",
        "someone/qwen-merge": "Qwen",
        "someone/mistral-ring": "Mistral",
        "someone/ring": "",
        "someone/plain": "",
    }


def test_the_published_table_is_sound() -> None:
    with families.RULES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["family", "organisation", "pattern", "note"]
    assert [name for name, count in Counter(row["family"] for row in rows).items() if count > 1] == []
    for row in rows:
        re.compile(row["pattern"])
        # Ids are lower-cased before they are searched, so an upper-case letter could never match.
        assert row["pattern"] == row["pattern"].lower(), row["family"]
        assert not re.search(row["pattern"], ""), f"{row['family']} would take every model"
        assert not any(value != value.strip() for value in row.values()), row["family"]
    assert len(families.load()) == len(rows)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Qwen,,qwen,", "must all be given"),
        ("Qwen,Alibaba,,", "must all"),
        ("Qwen,Alibaba,(qwen,", "no regular"),
    ],
)
def test_a_faulty_rule_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "families.csv"
    path.write_text(f"family,organisation,pattern,note\nBERT,Google,bert,\n{line}\n", encoding="utf-8")
    with pytest.raises(ReportError, match=said) as error:
        families.load(path)
    assert f"{path}, line 3" in str(error.value)
