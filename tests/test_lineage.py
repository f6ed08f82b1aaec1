"""From a model to its roots: chains, merges, cycles, missing parents, and a plain reference for any graph."""

import random
from collections.abc import Mapping, Sequence

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import engines
from generator.attribution import lineage

Parents = Mapping[str, Sequence[str] | None]


def roots(parents: Parents, order: Sequence[str] | None = None) -> dict[str, set[str]]:
    """What the generator finds, by model."""
    rows = pd.DataFrame(
        {"model_id": list(order or parents), "base_models": [parents[name] for name in order or parents]}
    )
    backend = engines.connect()
    schema = {"model_id": "string", "base_models": "array<string>"}
    models = backend.create_table("models", ibis.memtable(rows, schema=schema))
    pairs = lineage.roots(backend, models).to_pandas()
    assert not pairs.duplicated().any()
    return {name: set(group) for name, group in pairs.groupby("model_id").root_id}


def reference(parents: Parents) -> dict[str, set[str]]:
    """The same by walking: every ancestor that has no parents of its own."""
    links = {
        name: {parent for parent in bases or () if parent is not None and parent != name}
        for name, bases in parents.items()
    }
    found = {}
    for name in parents:
        seen: set[str] = set()
        ahead = list(links[name])
        while ahead:
            at = ahead.pop()
            if at not in seen:
                seen.add(at)
                ahead += links.get(at, ())
        found[name] = {at for at in seen if not links.get(at)}
    return {name: ends for name, ends in found.items() if ends}


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        pytest.param({"a/root": None, "b/empty": []}, {}, id="no parents"),
        pytest.param({"a/root": None, "b/tune": ["a/root"]}, {"b/tune": {"a/root"}}, id="one step"),
        pytest.param(
            {"a/root": None, "b/one": ["a/root"], "c/two": ["b/one"], "d/three": ["c/two"]},
            {"b/one": {"a/root"}, "c/two": {"a/root"}, "d/three": {"a/root"}},
            id="chain",
        ),
        pytest.param(
            {"a/x": None, "a/y": None, "m/same": ["a/x", "a/y"]},
            {"m/same": {"a/x", "a/y"}},
            id="merge of one developer's models",
        ),
        pytest.param(
            {"a/x": None, "b/y": None, "c/tune": ["b/y"], "m/both": ["a/x", "c/tune"], "n/on": ["m/both"]},
            {"c/tune": {"b/y"}, "m/both": {"a/x", "b/y"}, "n/on": {"a/x", "b/y"}},
            id="merge of two developers' models, and what is built on it",
        ),
        pytest.param(
            {"a/x": None, "b/l": ["a/x"], "b/r": ["a/x"], "m/d": ["b/l", "b/r"]},
            {"b/l": {"a/x"}, "b/r": {"a/x"}, "m/d": {"a/x"}},
            id="diamond",
        ),
        pytest.param(
            {"b/tune": ["gone/model"], "c/on": ["b/tune"]},
            {"b/tune": {"gone/model"}, "c/on": {"gone/model"}},
            id="missing parent",
        ),
        pytest.param({"a/1": ["a/2"], "a/2": ["a/1"], "b/on": ["a/1"]}, {}, id="ring of two"),
        pytest.param({f"a/{n}": [f"a/{(n + 1) % 7}"] for n in range(7)}, {}, id="ring of seven"),
        pytest.param({"a/self": ["a/self"], "b/on": ["a/self"]}, {"b/on": {"a/self"}}, id="self-loop"),
        pytest.param(
            {"a/1": ["a/2"], "a/2": ["a/1", "r/root"], "r/root": None},
            {"a/1": {"r/root"}, "a/2": {"r/root"}},
            id="ring with a way out",
        ),
        pytest.param(
            {"a/1": ["r/root", "r/root", None], "r/root": None},  # type: ignore[list-item]
            {"a/1": {"r/root"}},
            id="a parent named twice, and a null",
        ),
    ],
)
def test_roots(parents: Parents, expected: dict[str, set[str]]) -> None:
    assert roots(parents) == expected
    assert reference(parents) == expected


def test_a_chain_of_fifty() -> None:
    parents: dict[str, list[str] | None] = {f"m/{n:02d}": [f"m/{n - 1:02d}"] for n in range(1, 51)}
    parents["m/00"] = None
    assert roots(parents) == {f"m/{n:02d}": {"m/00"} for n in range(1, 51)}


def test_beyond_the_depth_the_search_ends_without_a_root() -> None:
    """The search may not run on for ever; a chain longer than any real one is treated like a cycle."""
    parents = {f"m/{n:03d}": [f"m/{n - 1:03d}"] for n in range(1, 80)}
    found = roots(parents)
    # One step is an edge itself, MAX_DEPTH more are searched.
    assert set(found) == {f"m/{n:03d}" for n in range(1, lineage.MAX_DEPTH + 2)}
    assert all(ends == {"m/000"} for ends in found.values())


graphs = st.integers(1, 12).flatmap(
    lambda size: st.dictionaries(
        st.integers(0, size).map(lambda n: f"m/{n}"),
        st.none() | st.lists(st.integers(0, size + 2).map(lambda n: f"m/{n}"), max_size=4),
        min_size=1,
        max_size=size,
    )
)


@settings(max_examples=20)
@given(parents=graphs, seed=st.integers(0, 1000))
def test_any_graph_ends_and_agrees_with_the_reference_in_any_order(parents: Parents, seed: int) -> None:
    shuffled = list(parents)
    random.Random(seed).shuffle(shuffled)
    expected = reference(parents)
    assert roots(parents) == expected
    assert roots(parents, shuffled) == expected
