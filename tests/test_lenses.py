"""Publisher and origin: whose model it is under each lens, and what stays unattributed."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from generator.attribution import Attribution, attribute
from generator.attribution.registry import Organisation
from generator.dataset import Dataset

NOBODY = ("unattributed", "unattributed")
STRANGER = ("user", *NOBODY)
MODELS = [
    {"model_id": "Qwen/Qwen3-8B"},
    {"model_id": "meta-llama/Llama-3.1-8B"},
    {"model_id": "google/gemma-3-4b"},
    {"model_id": "bert-base", "author": None},
    {"model_id": "user/plain"},
    {"model_id": "user/tune", "base_models": ["Qwen/Qwen3-8B"]},
    {"model_id": "google/qwen-tune", "base_models": ["user/tune"]},
    {"model_id": "user/of-missing", "base_models": ["Qwen/deleted"]},
    {"model_id": "user/of-stranger", "base_models": ["stranger/model"]},
    {"model_id": "user/merge-of-one-owner", "base_models": ["Qwen/Qwen3-8B", "Qwen/deleted"]},
    {
        "model_id": "user/merge-of-one-country",
        "base_models": ["meta-llama/Llama-3.1-8B", "google/gemma-3-4b"],
    },
    {"model_id": "user/merge-of-two-countries", "base_models": ["Qwen/Qwen3-8B", "google/gemma-3-4b"]},
    {"model_id": "user/merge-with-stranger", "base_models": ["Qwen/Qwen3-8B", "stranger/model"]},
    {"model_id": "Qwen/ring-a", "base_models": ["Qwen/ring-b"]},
    {"model_id": "Qwen/ring-b", "base_models": ["Qwen/ring-a"]},
    {"model_id": "Qwen/self", "base_models": ["Qwen/self"]},
    {"model_id": "repack/Qwen3-8B-GGUF", "base_models": ["Qwen/Qwen3-8B"]},
    {"model_id": "repack/Qwen2.5-7B-GGUF"},
    {"model_id": "repack/falcon-7b-GGUF"},
    {"model_id": "repack/mystery-GGUF"},
    {"model_id": "repack/llama-ring", "base_models": ["repack/llama-ring-2"]},
    {"model_id": "repack/llama-ring-2", "base_models": ["repack/llama-ring"]},
]


@pytest.fixture(scope="module")
def attribution(open_dataset: Callable[..., Dataset], organisation: Callable[..., Organisation]) -> Attribution:
    known = [
        organisation("Qwen", "CN", organisation="Alibaba"),
        organisation("meta-llama", "US", organisation="Meta"),
        organisation("google", "US", organisation="Google"),
        organisation("repack", "XX", organisation="Repack", role="intermediary", sector="individual"),
    ]
    return attribute(open_dataset({date(2026, 1, 31): MODELS}), known)


@pytest.fixture(scope="module")
def models(attribution: Attribution) -> pd.DataFrame:
    found: pd.DataFrame = attribution.models.to_pandas().set_index("model_id")
    return found


@pytest.mark.parametrize(
    ("model", "publisher", "origin"),
    [
        ("Qwen/Qwen3-8B", ("Alibaba", "CN", "company"), ("Alibaba", "CN", "company")),
        ("user/plain", STRANGER, STRANGER),
        ("bert-base", ("bert-base", *NOBODY), ("bert-base", *NOBODY)),
        ("user/tune", STRANGER, ("Alibaba", "CN", "company")),
        ("google/qwen-tune", ("Google", "US", "company"), ("Alibaba", "CN", "company")),
        ("user/of-missing", STRANGER, ("Alibaba", "CN", "company")),
        ("user/of-stranger", STRANGER, ("stranger", *NOBODY)),
        ("user/merge-of-one-owner", STRANGER, ("Alibaba", "CN", "company")),
        (
            "user/merge-of-one-country",
            STRANGER,
            ("(mixed lineage)", "US", "company"),
        ),
        (
            "user/merge-of-two-countries",
            STRANGER,
            ("(mixed lineage)", "unattributed", "company"),
        ),
        (
            "user/merge-with-stranger",
            STRANGER,
            ("(mixed lineage)", "unattributed", "unattributed"),
        ),
        # A cycle leads nowhere: the publisher is all that is known.
        ("Qwen/ring-a", ("Alibaba", "CN", "company"), ("Alibaba", "CN", "company")),
        ("Qwen/self", ("Alibaba", "CN", "company"), ("Alibaba", "CN", "company")),
        ("repack/Qwen3-8B-GGUF", ("Repack", "XX", "individual"), ("Alibaba", "CN", "company")),
        # Without a base the name tells whose it is, if the registry knows that organisation.
        ("repack/Qwen2.5-7B-GGUF", ("Repack", "XX", "individual"), ("Alibaba", "CN", "company")),
        (
            "repack/falcon-7b-GGUF",
            ("Repack", "XX", "individual"),
            ("(unknown origin)", "unattributed", "unattributed"),
        ),
        (
            "repack/mystery-GGUF",
            ("Repack", "XX", "individual"),
            ("(unknown origin)", "unattributed", "unattributed"),
        ),
        ("repack/llama-ring", ("Repack", "XX", "individual"), ("Meta", "US", "company")),
    ],
)
def test_both_lenses(models: pd.DataFrame, model: str, publisher: tuple[str, ...], origin: tuple[str, ...]) -> None:
    row = models.loc[model]
    for lens, expected in (("publisher", publisher), ("origin", origin)):
        found = tuple(row[f"{lens}_{name}"] for name in ("organisation", "country", "sector"))
        assert found == expected, lens


def test_roots_and_cycles_are_told_apart(models: pd.DataFrame) -> None:
    def said(model: str) -> tuple[str | None, int, bool]:
        row = models.loc[model]
        return (None if pd.isna(row.root_id) else row.root_id, int(row.roots), bool(row.in_cycle))

    assert said("Qwen/Qwen3-8B") == ("Qwen/Qwen3-8B", 0, False)
    assert said("google/qwen-tune") == ("Qwen/Qwen3-8B", 1, False)
    assert said("user/of-missing") == ("Qwen/deleted", 1, False)
    assert said("user/merge-of-one-owner") == (None, 2, False)
    assert said("Qwen/ring-a") == (None, 0, True)
    # A model that names itself as its base is taken for a root.
    assert said("Qwen/self") == ("Qwen/self", 0, False)


def test_every_model_has_one_row_under_each_lens(attribution: Attribution, models: pd.DataFrame) -> None:
    long = attribution.lenses.to_pandas()
    assert len(models) == len(MODELS) and models.index.is_unique
    assert sorted(zip(long.model_id, long.lens, strict=True)) == sorted(
        (row["model_id"], lens) for row in MODELS for lens in ("publisher", "origin")
    )
    assert not long[["organisation", "country", "sector", "role"]].isna().any(axis=None)
    roles = long.pivot(index="model_id", columns="lens", values="role")
    repacked = roles.index.str.startswith("repack/")
    assert (roles.publisher[repacked] == "intermediary").all()
    assert (roles.publisher[~repacked] == "developer").all() and (roles.origin == "developer").all()


def test_an_organisation_with_homes_in_two_countries_still_gives_one_row_a_model(
    open_dataset: Callable[..., Dataset], organisation: Callable[..., Organisation]
) -> None:
    known = [
        organisation("Qwen", "CN", organisation="Alibaba"),
        organisation("alibaba-sg", "SG", organisation="Alibaba"),
        organisation("repack", "XX", role="intermediary"),
    ]
    data = open_dataset({date(2026, 1, 31): [{"model_id": "repack/Qwen3-8B-GGUF"}]})
    found = attribute(data, known).models.to_pandas()
    assert found.origin_organisation.tolist() == ["Alibaba"]


def test_namespaces_match_whatever_their_case(
    open_dataset: Callable[..., Dataset], organisation: Callable[..., Organisation]
) -> None:
    data = open_dataset({date(2026, 5, 31): [{"model_id": "qwen/a", "downloads_30d": 1}]})
    models = attribute(data, [organisation("Qwen", "CN")]).models.to_pandas()
    assert models["publisher_country"].tolist() == ["CN"]
