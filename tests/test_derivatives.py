"""Derivatives: counted anew on small archives, against the planted truth and on the real records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest
from samples import DATA, needs_real

from generator import archive, chapters, dataset, engines, flows, metrics, results
from generator.attribution import attribute
from generator.attribution.depth import depths
from generator.attribution.registry import Organisation
from generator.chapters import derivatives as chapter
from generator.chapters import family as family_pages
from generator.charts import derivatives as charts
from generator.charts.figure import NARROW, WIDE, Figure
from generator.charts.theme import themed
from generator.facts import FactBook
from generator.findings import derivatives as findings
from generator.findings.finding import Finding
from generator.flows import Flows
from generator.metrics.derivatives_by_origin import monthly, new_derivatives, windows_until
from generator.pages import TEMPLATES, _environment
from generator.references.derivatives import derivative_figures
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources import files
from generator.sources.demo import Truth

MONTHLY = ("derivatives-by-origin", "derivatives-by-family", "derivatives-by-relation")
STANDING = ("most-built-upon", "lineages", "derivatives-by-publisher", "derivatives-by-step")
APRIL, MAY = date(2026, 4, 30), date(2026, 5, 31)
REAL = "hub_models_2026-05.parquet"
REAL_DAY = date(2026, 5, 20)


def chosen() -> dict[str, Any]:
    wanted = (*MONTHLY, *STANDING, "series-quality")
    return {name: metric for name, metric in metrics.discover().items() if name in wanted}


def model(name: str, created: datetime | None, *bases: str, relation: str | None = "finetune") -> dict[str, Any]:
    return {
        "model_id": name,
        "created_at": created,
        "downloads_30d": 1,
        "downloads_all_time": 10,
        "base_models": list(bases),
        "base_relation": relation if bases else None,
    }


BASES = [model("Qwen/base", datetime(2025, 1, 10)), model("google/base", datetime(2025, 1, 10))]
GONE = model("user/gone", datetime(2026, 3, 31, 23), "Qwen/base")
SMALL = [
    *BASES,
    model("user/a", datetime(2026, 4, 5), "Qwen/base"),
    model("user/b", datetime(2026, 4, 6), "user/a", relation="quantized"),
    model("lab/c", datetime(2026, 5, 30), "google/base", relation="adapter"),
    model("user/m", datetime(2026, 4, 7), "Qwen/base", "google/base", relation="merge"),
    model("user/orphan", datetime(2026, 4, 30, 23, 59), "ghost/x", relation=None),
    model("user/loop1", datetime(2026, 5, 1), "user/loop2"),
    model("user/loop2", datetime(2026, 5, 1), "user/loop1"),
    model("user/old", datetime(2022, 3, 2, 23, 29, 4), "Qwen/base"),
    model("user/undated", None, "Qwen/base"),
    model("user/future", datetime(2026, 6, 5), "Qwen/base"),
    model("user/self", datetime(2026, 5, 2), "user/self"),
]


@pytest.fixture(scope="module")
def registry(organisation: Callable[..., Organisation]) -> list[Organisation]:
    return [organisation("Qwen", "CN"), organisation("google", "US"), organisation("lab", "FR")]


@pytest.fixture(scope="module")
def small(open_flows: Callable[..., Flows], registry: list[Organisation]) -> Flows:
    return open_flows({APRIL: [row | {"downloads_all_time": 5} for row in (*BASES, GONE)], MAY: SMALL}, registry)


@pytest.fixture(scope="module")
def bare(open_flows: Callable[..., Flows], registry: list[Organisation]) -> Flows:
    """No derivative at all."""
    return open_flows({MAY: BASES}, registry)


EVIL = 'Qwen/<script>alert(1)</script>"](x)../..'


@pytest.fixture(scope="module")
def odd(open_flows: Callable[..., Flows], registry: list[Organisation]) -> Flows:
    """a and b name each other, and a names a root as well; d follows over b, h merges it with a root.

    Other roots are gone or hostile.
    """
    day = datetime(2026, 5, 1)
    rows = [
        *BASES,
        model("user/a", day, "Qwen/base", "user/b"),
        model("user/b", day, "user/a"),
        model("user/d", day, "user/b"),
        model("user/e", day, "ghost/x"),
        model("user/f", day, "ghost/x"),
        model("user/g", day, EVIL),
        model("user/h", day, "user/d", "google/base", relation="merge"),
    ]
    return open_flows({MAY: rows}, registry)


@pytest.fixture(scope="module")
def computed(demo_flows: Flows, demo_entries: list[archive.Entry]) -> Results:
    """The demo's results, this chapter's tables alone."""
    return results.compute(demo_flows, chosen(), [entry.manifest for entry in demo_entries])


@cache
def table(made: Flows, name: str) -> pd.DataFrame:
    return results.frame(results.queries(made, {name: metrics.discover()[name]})[name])


def counted(rows: pd.DataFrame, of: str, months: int, month: date) -> dict[str, int]:
    rows = rows[(rows["window_months"] == months) & (rows["month"] == month)]
    return dict(zip(rows[of], rows["derivatives"], strict=True))


def test_new_derivatives_of_a_small_archive(small: Flows) -> None:
    """Each model by hand: what is undated, at the floor, of the future or its own base is no new derivative."""
    by_origin = table(small, "derivatives-by-origin")
    march, april, may = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
    assert counted(by_origin, "country", 1, march) == {"CN": 1}
    assert counted(by_origin, "country", 1, april) == {"CN": 2, "unattributed": 2}
    assert counted(by_origin, "country", 1, may) == {"US": 1, "unattributed": 2}
    assert counted(by_origin, "country", 12, may) == {"CN": 3, "US": 1, "unattributed": 4}
    assert by_origin["month"].max() == may and by_origin["month"].min() == march
    relations = table(small, "derivatives-by-relation")
    assert counted(relations, "relation", 1, april) == {"finetune": 1, "quantized": 1, "merge": 1, "unknown": 1}
    assert relations.loc[relations["relation"] == "unknown", "rank"].isna().all()
    families = table(small, "derivatives-by-family")
    assert counted(families, "family", 1, april) == {"Qwen": 2, "unassigned": 2}
    last = by_origin[(by_origin["month"] == may) & (by_origin["window_months"] == 12)].set_index("country")
    assert last["share"].to_dict() == {"CN": 3 / 8, "US": 1 / 8, "unattributed": 4 / 8}
    assert (last.loc["CN", "lower"], last.loc["CN", "upper"]) == (3 / 8, 7 / 8)
    assert (last.loc["unattributed", "lower"], last.loc["unattributed", "upper"]) == (0, 4 / 8)
    assert last["rank"].tolist()[:2] == [1, 2] and last["rank"].isna()["unattributed"]
    assert set(last["total"]) == {8}


@pytest.mark.parametrize(("report", "over"), [(date(2026, 5, 31), True), (date(2026, 5, 30), False)])
def test_a_month_is_over_when_a_report_date_has_seen_its_last_day(report: date, over: bool) -> None:
    found = windows_until(report)
    assert len(found) == 2 * 51
    alone = found[found["window_months"] == 1].set_index("month")["over"]
    assert alone[pd.Timestamp("2026-05-01")] == over and alone[pd.Timestamp("2026-04-01")]
    assert not alone[pd.Timestamp("2022-03-01")] and alone[pd.Timestamp("2022-04-01")]
    years = found[found["window_months"] == 12].set_index("month")
    assert not years["over"][pd.Timestamp("2023-02-01")] and years["over"][pd.Timestamp("2023-03-01")]
    assert years["opens"][pd.Timestamp("2023-03-01")] == pd.Timestamp("2022-04-01")
    assert windows_until(date(2021, 1, 1)).empty


@pytest.mark.parametrize(("newest", "complete"), [(17, True), (16, False)])
def test_a_month_that_ends_in_silence_is_not_complete(
    open_flows: Callable[..., Flows], registry: list[Organisation], newest: int, complete: bool
) -> None:
    rows = [
        *BASES,
        model("user/a", datetime(2025, 5, 31), "Qwen/base"),
        model("user/b", datetime(2026, 5, newest), "Qwen/base"),
    ]
    by_origin = table(open_flows({date(2026, 6, 30): rows}, registry), "derivatives-by-origin")
    found = by_origin[by_origin["window_months"] == 1].set_index("month")["complete"]
    assert found.to_dict() == {date(2025, 5, 1): True, date(2026, 5, 1): complete}
    # A window of twelve months forgets the thirteenth.
    assert counted(by_origin, "country", 12, date(2026, 4, 1)) == {"CN": 1}
    assert counted(by_origin, "country", 12, date(2026, 5, 1)) == {"CN": 1}


def test_no_derivatives_give_empty_tables(bare: Flows) -> None:
    for name in (*MONTHLY, *STANDING):
        found = table(bare, name)
        assert found.empty and list(found.columns) == list(metrics.discover()[name].columns)


def test_new_derivatives_are_the_planted_ones(demo_flows: Flows, demo_truth: Truth, computed: Results) -> None:
    """Every month's derivatives by the root's namespace, and by its country, to the last one."""
    derivatives = new_derivatives(demo_flows)
    loose = derivatives.origin_country == "unattributed"
    named = derivatives.mutate(namespace=ibis.ifelse(loose, "unattributed", derivatives.origin_organisation))
    found = monthly(named, demo_flows, "namespace", ["unattributed"]).to_pandas()
    found = found[found["window_months"] == 1].assign(month=lambda rows: rows["month"].map(lambda day: day.date()))
    planted = demo_truth.derivative_share.assign(month=lambda rows: rows["as_of"].map(lambda day: day.replace(day=1)))
    months = sorted(set(planted["month"]))
    assert len(months) == 18
    keys = ["month", "namespace"]
    expected = planted.set_index(keys)[["derivatives", "share"]].sort_index()
    seen = found[found["month"].isin(months)].set_index(keys)[["derivatives", "share"]].sort_index()
    assert seen["derivatives"].to_dict() == expected["derivatives"].to_dict()
    assert seen["share"].to_dict() == pytest.approx(expected["share"].to_dict())
    country = demo_truth.developers.set_index("namespace")["country"].to_dict() | {"unattributed": "unattributed"}
    by_country = planted.assign(country=planted["namespace"].map(country)).groupby(["month", "country"])
    published = computed.tables["derivatives-by-origin"]
    published = published[(published["window_months"] == 1) & published["month"].isin(months)]
    counts = published.set_index(["month", "country"])["derivatives"]
    assert counts.to_dict() == by_country["derivatives"].sum().to_dict()


def ancestors(parents: Mapping[str, Sequence[str]], name: str) -> dict[str, int]:
    """The roots above a model with the fewest steps to each, found by walking up."""
    distance = {name: 0}
    queue = [name]
    for here in queue:
        for parent in parents.get(here, ()):
            if parent not in distance:
                distance[parent] = distance[here] + 1
                queue.append(parent)
    return {found: steps for found, steps in distance.items() if steps and not parents.get(found)}


@pytest.fixture(scope="module")
def walked(demo_snapshots: list[Snapshot]) -> pd.DataFrame:
    """model_id, root_id, depth, downloads, relation of the newest snapshot's models, by walking up from each."""
    parents: dict[str, list[str]] = {}
    for snapshot in demo_snapshots:
        columns = [snapshot.models[name].to_pylist() for name in ("model_id", "base_models")]
        parents |= {name: list(bases or []) for name, bases in zip(*columns, strict=True)}
    newest = demo_snapshots[-1].models.select(["model_id", "downloads_all_time", "base_relation"]).to_pandas()
    rows = [
        (row.model_id, root, depth, row.downloads_all_time, row.base_relation or "unknown")
        for row in newest.itertuples()
        for root, depth in ancestors(parents, str(row.model_id)).items()
    ]
    return pd.DataFrame(rows, columns=["model_id", "root_id", "depth", "downloads", "relation"])


def test_depths_lead_to_the_planted_roots(demo_flows: Flows, demo_truth: Truth, walked: pd.DataFrame) -> None:
    found = depths(demo_flows.data.backend, demo_flows.data.models).to_pandas()
    pairs = set(zip(found["model_id"], found["root_id"], strict=True))
    planted = demo_truth.roots[demo_truth.roots["kind"].isin(["derived", "merge", "missing"])]
    assert set(zip(planted["model_id"], planted["root_id"], strict=True)) <= pairs
    # More than the planted pairs only where a merge, or what is built on one, has a second root.
    known = demo_flows.data.backend.table("roots").to_pandas()
    assert pairs == set(zip(known["model_id"], known["root_id"], strict=True))
    now = found[found["model_id"].isin(walked["model_id"])].set_index(["model_id", "root_id"])["depth"]
    assert now.to_dict() == walked.set_index(["model_id", "root_id"])["depth"].to_dict()


def test_most_built_upon_of_the_demo(computed: Results, walked: pd.DataFrame, demo_truth: Truth) -> None:
    expected = walked.groupby("root_id").agg(
        derivatives=("model_id", "count"),
        direct=("depth", lambda steps: int((steps == 1).sum())),
        depth=("depth", "max"),
        downloads=("downloads", "sum"),
    )
    expected = expected.reset_index().sort_values(["derivatives", "root_id"], ascending=[False, True]).head(50)
    found = computed.tables["most-built-upon"]
    columns = ["root_id", "derivatives", "direct", "depth", "downloads"]
    assert found[columns].to_dict("records") == expected[columns].to_dict("records")
    assert found["rank"].tolist() == list(range(1, 51))
    country = demo_truth.developers.set_index("namespace")["country"].to_dict()
    namespaces = [str(root).split("/")[0] for root in found["root_id"]]
    assert found["organisation"].tolist() == namespaces
    assert found["country"].tolist() == [country.get(name, "unattributed") for name in namespaces]


def test_lineages_of_the_demo(computed: Results, walked: pd.DataFrame, demo_flows: Flows) -> None:
    models = demo_flows.attribution.models.to_pandas().set_index("model_id")
    children = set(walked["model_id"]) | set(models.index[models["in_cycle"]])
    newest = (
        demo_flows.data.named(demo_flows.data.observations).filter(lambda row: row.as_of == row.as_of.max()).to_pandas()
    )
    now = models.loc[newest["model_id"]].assign(
        family=lambda rows: rows["family"].fillna("unassigned"),
        derived=lambda rows: rows.index.isin(children),
        depth=walked.groupby("model_id")["depth"].max(),
    )
    found = computed.tables["lineages"].set_index("family")
    assert found["share"].sum() == pytest.approx(1)
    for family, rows in now.groupby("family"):
        derived = rows[rows["derived"]]
        if derived.empty:
            assert family not in found.index
            continue
        row = found.loc[str(family)]
        places = derived["publisher_country"]
        assert (row["models"], row["derivatives"]) == (len(rows), len(derived)), family
        assert row["publishers"] == derived["publisher_organisation"].nunique(), family
        assert row["countries"] == places[~places.isin(["unattributed", "XX"])].nunique(), family
        steps = derived["depth"].dropna()
        if len(steps):
            assert (row["max_depth"], row["median_depth"]) == (steps.max(), steps.median()), family
    ranks = found["rank"].dropna()
    assert ranks.tolist() == list(range(1, len(ranks) + 1)) and found["rank"].isna()["unassigned"]


def test_parts_of_a_family_add_up_to_it(computed: Results, walked: pd.DataFrame) -> None:
    lineages = computed.tables["lineages"].set_index("family")["derivatives"]
    publishers = computed.tables["derivatives-by-publisher"]
    sums = publishers.groupby("family")["derivatives"].sum()
    assert len(sums) == 20
    assert sums.to_dict() == lineages[sums.index].to_dict()
    assert publishers.groupby("family")["share"].sum().to_dict() == pytest.approx(dict.fromkeys(sums.index, 1.0))
    steps = computed.tables["derivatives-by-step"]
    keys = ["root_id", "depth", "relation"]
    expected = walked[walked["root_id"].isin(steps["root_id"])].groupby(keys).size()
    assert steps.set_index(keys)["derivatives"].to_dict() == expected.to_dict()
    assert steps.groupby("family")["rank"].max().max() == 10


def test_a_cycle_on_the_way_makes_no_chain_longer(odd: Flows) -> None:
    found = depths(odd.data.backend, odd.data.models).to_pandas().set_index(["model_id", "root_id"])["depth"]
    assert found.xs("Qwen/base", level="root_id").to_dict() == {"user/a": 1, "user/b": 2, "user/d": 3, "user/h": 4}
    assert found.drop("Qwen/base", level="root_id").to_dict() == {
        ("user/e", "ghost/x"): 1,
        ("user/f", "ghost/x"): 1,
        ("user/g", EVIL): 1,
        ("user/h", "google/base"): 1,
    }
    built = table(odd, "most-built-upon")
    columns = ["root_id", "derivatives", "direct", "depth"]
    assert built.loc[:, columns].values.tolist()[0] == ["Qwen/base", 4, 1, 4]


def test_a_chain_counts_from_the_farthest_root(odd: Flows) -> None:
    """The merge of two roots has no family of its own; with e and f it stands 1, 1 and 4 steps down."""
    found = table(odd, "lineages").set_index("family")
    assert found[["derivatives", "max_depth", "median_depth"]].to_dict("index") == {
        "Qwen": {"derivatives": 4, "max_depth": 3, "median_depth": 1.5},
        "unassigned": {"derivatives": 3, "max_depth": 4, "median_depth": 1.0},
    }


def test_a_root_that_is_gone_still_tells_whose_it_was(odd: Flows) -> None:
    columns = ["rank", "root_id", "organisation", "country", "family"]
    assert table(odd, "most-built-upon")[columns].fillna("").values.tolist() == [
        [1, "Qwen/base", "Qwen", "CN", "Qwen"],
        [2, "ghost/x", "ghost", "unattributed", ""],
        [3, EVIL, "Qwen", "CN", "Qwen"],
        [4, "google/base", "google", "US", ""],
    ]


# The sentences.


@pytest.fixture
def book(computed: Results) -> Callable[..., FactBook]:
    """A book in which a table has the rows given, other cells as in the demo's newest row."""

    def made(name: str, rows: Sequence[Mapping[str, Any]], **source: Any) -> FactBook:
        whole = computed.tables[name]
        usual = whole.iloc[-1].to_dict()
        frame = pd.DataFrame([usual | dict(row) for row in rows], columns=whole.columns)
        about = replace(computed.source, **source)
        return FactBook(replace(computed, tables={**computed.tables, name: frame}, source=about))

    return made


def window(of: str, counts: Mapping[str, int], **other: Any) -> list[dict[str, Any]]:
    total = sum(counts.values())
    named = [name for name in counts if name not in ("unattributed", "XX", "unassigned")]
    return [
        {
            "month": date(2026, 4, 1),
            "window_months": 12,
            "complete": True,
            "rank": named.index(name) + 1 if name in named else None,
            of: name,
            "derivatives": number,
            "total": total,
            "share": number / total,
            **other,
        }
        for name, number in counts.items()
    ]


def words(finding: Finding) -> str:
    return str(finding.text.striptags())


@pytest.mark.parametrize(
    ("counts", "condition", "said"),
    [
        ({"CN": 60, "US": 30, "unattributed": 10}, "lead", ["60.0%", "China", "30.0%", "the United States", "10.0%"]),
        ({"CN": 40, "US": 30, "unattributed": 30}, "lead-within-bounds", ["enough to turn the order"]),
        ({"US": 45, "CN": 45, "unattributed": 10}, "tie", ["and as many, 45.0%"]),
        ({"CN": 90, "unattributed": 10}, "one-country", ["the only country"]),
        ({"CN": 50, "US": 50 - 1}, "lead", ["none are unattributed"]),
        ({"XX": 20, "unattributed": 20}, "unattributed", ["None of the 40"]),
        ({"CN": 20, "US": 9}, "too-few", ["Too few", "(29)"]),
        ({}, "no-data", ["no derivative"]),
    ],
)
def test_built_upon(
    book: Callable[..., FactBook], counts: Mapping[str, int], condition: str, said: Sequence[str]
) -> None:
    facts = book("derivatives-by-origin", window("country", counts) if counts else [])
    finding = findings.built_upon(facts, 12)
    assert finding.condition == condition
    assert [part for part in said if part not in words(finding)] == []
    assert ("twelve months to April 2026" in words(finding)) == bool(counts)
    assert findings.built_upon(facts, 1).condition == "no-data"


def test_only_whole_windows_are_spoken_of(book: Callable[..., FactBook]) -> None:
    rows = [
        *window("country", {"US": 40}, window_months=1),
        *window("country", {"CN": 50}, window_months=1, month=date(2026, 5, 1), complete=False),
    ]
    finding = findings.built_upon(book("derivatives-by-origin", rows), 1)
    assert finding.condition == "one-country"
    assert "in April 2026" in words(finding) and "China" not in words(finding)


@pytest.mark.parametrize(
    ("before", "condition", "said"),
    [
        ({"Qwen": 1, "Llama": 99}, "grew", "up from 1.0% in the twelve months to March 2023"),
        ({"Qwen": 80, "Llama": 20}, "shrank", "down from 80.0%"),
        ({"Qwen": 69, "Llama": 31}, "steady", "as many as in the twelve months to March 2023"),
        ({"Llama": 100}, "new", "it had none"),
        ({"Qwen": 1}, "one-year", "69.0% of the new derivatives."),
    ],
)
def test_leading_family(book: Callable[..., FactBook], before: Mapping[str, int], condition: str, said: str) -> None:
    now = window("family", {"Qwen": 69, "Llama": 11, "unassigned": 20})
    rows = [*window("family", before, month=date(2023, 3, 1)), *now]
    finding = findings.leading_family(book("derivatives-by-family", rows))
    assert finding.condition == condition
    assert said in words(finding) and "Qwen, with 69.0%" in words(finding)


@pytest.mark.parametrize(
    ("counts", "condition"), [({}, "no-data"), ({"Qwen": 29}, "too-few"), ({"unassigned": 30}, "unassigned")]
)
def test_no_leading_family(book: Callable[..., FactBook], counts: Mapping[str, int], condition: str) -> None:
    facts = book("derivatives-by-family", window("family", counts) if counts else [])
    assert findings.leading_family(facts).condition == condition


def test_most_built_upon_in_words(book: Callable[..., FactBook]) -> None:
    def told(*rows: Mapping[str, Any]) -> Finding:
        ranked = [{"rank": place, **row} for place, row in enumerate(rows, 1)]
        return findings.most_built_upon(book("most-built-upon", ranked))

    first = {"root_id": "a/<b>", "organisation": "A", "derivatives": 9, "direct": 4, "depth": 3}
    lead = told(first, {"root_id": "c/d", "derivatives": 8})
    assert lead.condition == "lead" and "9 models descend from it, 4 of them directly" in words(lead)
    assert "a/&lt;b&gt;" in lead.text and "up to 3 steps" in lead.text.striptags()
    flat = told({**first, "direct": 9, "depth": 1})
    assert flat.condition == "lead" and "9 models name it as their base" in words(flat)
    level = told(first, {"root_id": "c/d", "derivatives": 9})
    assert level.condition == "tie" and "others" not in words(level)
    assert "and of others" in words(told(first, *({"root_id": name, "derivatives": 9} for name in "xy")))
    assert told().condition == "no-data"


def test_longest_chain_in_words(book: Callable[..., FactBook]) -> None:
    def told(**steps: int | None) -> Finding:
        rows = [{"family": name, "max_depth": most, "median_depth": 1.5} for name, most in steps.items()]
        return findings.longest_chain(book("lineages", rows))

    lead = told(Qwen=5, Llama=4, GLM=None)
    assert lead.condition == "lead" and "5 steps" in words(lead) and "Qwen" in words(lead) and "1.5" in words(lead)
    assert told(Qwen=5, Llama=5).condition == "tie"
    nameless = told(unassigned=7, Qwen=5)
    assert nameless.condition == "unassigned" and "7 steps" in words(nameless) and "Qwen" in words(nameless)
    assert words(told(unassigned=7)).endswith("of no known family.")
    assert told(Qwen=1, Llama=1).condition == "flat"
    assert told(GLM=None).condition == "no-data"


def test_a_family_in_brief(book: Callable[..., FactBook]) -> None:
    for publishers, condition in ((1, "single"), (7, "known")):
        facts = book("lineages", [{"family": "<i>", "publishers": publishers, "share": 0.25, "rank": 3}])
        finding = findings.family_in_brief(facts, facts.results.tables["lineages"].iloc[0])
        assert finding.condition == condition
        assert "25.0%" in words(finding) and "&lt;i&gt;" in finding.text
        assert {fact.metric for fact in facts.quoted.values()} == {"lineages"}


def test_a_selection_says_that_it_cannot_carry_the_chapter(computed: Results) -> None:
    assert findings.selected(computed) is None
    real = findings.selected(replace(computed, source=replace(computed.source, simulated=False)))
    assert real is not None and real.condition == "selection"


# Charts and pages.


def test_charts_label_all_lines_and_add_up(computed: Results) -> None:
    figures = chapter.context(FactBook(computed))
    lines: list[Figure] = [*figures["figures"], *figures["family_figures"], *figures["relation_figures"]]
    assert len(lines) == 3
    for figure in lines:
        drawn = themed(figure.draw(WIDE)), themed(figure.draw(NARROW))
        assert [specification["width"] for specification in drawn] == [WIDE, NARROW]
        shares = [name for name in figure.table.columns[1:] if not name.endswith(", upper bound")]
        for _, row in figure.table.iterrows():
            total = sum(float(text.strip("<%")) for text in row[shares])
            assert total == pytest.approx(100, abs=0.5)
    titles = list(lines[0].table.columns)
    assert "Unattributed" in titles and "China" in titles and "China, upper bound" in titles
    # Every relation is drawn, so none is left over.
    assert charts.OTHERS not in lines[2].table.columns


def test_bars_of_the_most_built_upon(computed: Results) -> None:
    figure = charts.most_built_upon(computed.tables["most-built-upon"], "bars")
    assert len(figure.table) == charts.BARS
    first = computed.tables["most-built-upon"].iloc[0]
    assert f"{first['root_id']} {first['derivatives']}" in figure.description
    for width in (WIDE, NARROW):
        assert themed(figure.draw(width))["width"] == width


def render(name: str, computed: Results, context: Mapping[str, Any]) -> str:
    filled = _environment().get_template(f"{name}.md.j2")
    usual = {"results": computed, "root": "../", "draw": lambda figure: figure.id, "licence": "x"}
    return filled.render(book=FactBook(computed), **usual, **context)


def test_the_chapter_links_to_every_family_s_page(computed: Results) -> None:
    book = FactBook(computed)
    page = render("derivatives", computed, chapter.context(book))
    pages = chapters.discover()["family"].pages
    assert pages is not None
    made = pages(book)
    assert len(made) == 20 and {"qwen", "llama", "gpt-oss"} <= set(made)
    for slug in made:
        assert f"](family/{slug}.md)" in page
    assert page.count("](family/") == len(made)


def test_a_family_s_page(computed: Results) -> None:
    made = family_pages.pages(FactBook(computed))
    page = render("family", computed, made["qwen"])
    assert "[All families](../derivatives.md)" in page
    steps = computed.tables["derivatives-by-step"]
    first = steps[(steps["family"] == "Qwen") & (steps["rank"] == 1)]
    grid = made["qwen"]["tree"]
    title, address, anchor, cells = grid.rows[0]
    assert title == first["root_id"].iloc[0] and address == "" and f'id="{anchor}"' in page
    assert cells[-1] == str(first["derivatives"].sum())
    assert sum(int(cell) for cell in cells[:-1]) == int(cells[-1])
    publishers = made["qwen"]["publishers"]
    assert publishers.rows[-1][0] == "All"
    lineages = computed.tables["lineages"].set_index("family")
    assert publishers.rows[-1][3][-1] == str(lineages.loc["Qwen", "derivatives"])


def with_tables_of(made: Flows, computed: Results, **source: Any) -> Results:
    tables = {**computed.tables, **{name: table(made, name) for name in (*MONTHLY, *STANDING)}}
    return replace(computed, tables=tables, report_dates=(MAY,), source=replace(computed.source, **source))


def test_hostile_names_stay_text_and_make_safe_addresses(odd: Flows, computed: Results) -> None:
    hostile = with_tables_of(odd, computed, simulated=False, selection=True)
    book = FactBook(hostile)
    made = family_pages.pages(book)
    assert list(made) == ["qwen"]
    text = render("derivatives", hostile, chapter.context(book)) + render("family", hostile, made["qwen"])
    assert "<script>" not in text and "&lt;script&gt;" in text
    rows = {title: (link, anchor) for title, link, anchor, _ in made["qwen"]["tree"].rows}
    assert rows == {
        "Qwen/base": ("https://huggingface.co/Qwen/base", "qwen-base"),
        EVIL: ("", "qwen-script-alert-1-script-x"),
    }


def test_a_chapter_without_derivatives(bare: Flows, computed: Results) -> None:
    empty = with_tables_of(bare, computed)
    context = chapter.context(FactBook(empty))
    said = [*context["findings"], context["family"], *context["models"]]
    assert [finding.condition for finding in said] == ["no-data"] * 5
    assert "No chart" in render("derivatives", empty, context)
    assert family_pages.pages(FactBook(empty)) == {}


def test_published_figures_have_source_and_denominator() -> None:
    figures = {(figure.period_end.year, figure.value) for figure in derivative_figures()}
    assert figures == {(2024, 0.01), (2026, 0.69)}
    assert all(figure.denominator and figure.source_url.startswith("https://") for figure in derivative_figures())
    assert (TEMPLATES / "derivatives.md.j2").read_text(encoding="utf-8").count("figure.denominator") == 1


# The real records.


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("derivatives")
    for snapshot in files.load(DATA / REAL, as_of=REAL_DAY):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    made = flows.build(data, attribute(data))
    return results.compute(made, chosen(), [entry.manifest for entry in entries])


@pytest.fixture(scope="module")
def raw() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(f"create view models as select * from read_parquet('{DATA / REAL}')")
    connection.execute(
        """
        create view links as
        select distinct id, unnest(list_transform(baseModels.models, lambda base: base.id)) as parent from models
        """
    )
    yield connection
    connection.close()


@needs_real(REAL)
@pytest.mark.real_data
def test_real_derivatives_by_month_in_plain_sql(real: Results, raw: duckdb.DuckDBPyConnection) -> None:
    rows = raw.execute(
        """
        select strftime(createdAt, '%Y-%m-01'), count(distinct id) from models
        where id in (select id from links where parent <> id) and createdAt::date > date '2022-03-02'
        group by 1
        """
    ).fetchall()
    for name in MONTHLY:
        found = real.tables[name]
        sums = found[found["window_months"] == 1].groupby("month")["derivatives"].sum()
        assert {str(month): int(number) for month, number in sums.items()} == dict(rows), name


@needs_real(REAL)
@pytest.mark.real_data
def test_real_descendants_in_plain_sql(real: Results, raw: duckdb.DuckDBPyConnection) -> None:
    first = real.tables["most-built-upon"].iloc[0]
    row = raw.execute(
        """
        with recursive below(id, step) as (
            select id, 1 from links where parent = $root
            union select links.id, step + 1 from links join below on parent = below.id where step < 30
        ), nearest as (select id, min(step) as step from below group by id)
        select count(*), count(*) filter (where step = 1), max(step) from nearest
        """,
        {"root": first["root_id"]},
    ).fetchone()
    assert row == (first["derivatives"], first["direct"], first["depth"]) == (355, 24, 13)
    assert (first["root_id"], first["country"]) == ("meta-llama/Llama-3.1-8B", "US")


@needs_real(REAL)
@pytest.mark.real_data
def test_real_figures_as_last_looked_at(real: Results) -> None:
    book = FactBook(real)
    year = findings.built_upon(book, 12)
    assert year.condition == "lead"
    for part in ("Of the 73 derivatives", "twelve months to April 2026", "42.5%", "39.7%", "none are unattributed"):
        assert part in words(year)
    assert findings.built_upon(book, 1).condition == "too-few"
    family = words(findings.leading_family(book))
    assert "Qwen, with 31.5%" in family and "up from 2.5% in the twelve months to January 2024" in family
    widest = real.tables["lineages"].iloc[0]
    assert (widest["family"], widest["max_depth"]) == ("Qwen", 13)
