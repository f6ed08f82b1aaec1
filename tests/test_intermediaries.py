"""Downloads through re-packagers: sums, on the simulated Hub, in every condition, drawn, and on the real file."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from samples import DATA, DAY, model, needs_real
from test_institutions import manifest

from generator import archive, charts, dataset, engines, flows, metrics, results
from generator.attribution import attribute
from generator.attribution.registry import REGISTRY, Organisation
from generator.chapters import intermediaries as chapter
from generator.charts.intermediaries import BARS, NAMED, ORIGINS, bands_of, links_of, repackaged_flows
from generator.facts import FactBook
from generator.findings.intermediaries import carried, repackaged, repackaged_over_time
from generator.flows import Flows
from generator.metrics.intermediaries import OTHERS, TOP
from generator.results import Results
from generator.sources import files
from generator.sources.demo import developers

REAL = "hub_models_2026-05.parquet"
NAMES = ("intermediaries", "all-downloads-share-by-country", "series-quality")
KEYS = ["as_of", "window_months", "basis"]


@pytest.fixture
def registry(organisation: Callable[..., Organisation]) -> list[Organisation]:
    return [
        organisation("qwen", "CN"),
        organisation("google", "US"),
        organisation("unsloth", "US", organisation="Unsloth AI", role="intermediary"),
        organisation("unslothai", "US", organisation="Unsloth AI", role="intermediary"),
        organisation("packer", "XX", role="intermediary"),
    ]


def computed(flows: Flows, as_of: date = DAY) -> Results:
    chosen = {name: metric for name, metric in metrics.discover().items() if name in NAMES}
    return results.compute(flows, chosen, [manifest(as_of)])


def month(counted: Results, as_of: date = DAY) -> pd.DataFrame:
    table = counted.tables["intermediaries"]
    return table[(table.as_of == as_of) & (table.basis == "snapshot-30-day")]


# The sums


def test_downloads_by_intermediary_and_origin(
    open_flows: Callable[..., Flows], registry: Sequence[Organisation]
) -> None:
    made = open_flows(
        {
            DAY: [
                model("qwen/a", downloads_30d=500),
                model("google/b", downloads_30d=100),
                model("unsloth/a-gguf", downloads_30d=200, base_models=["qwen/a"], base_relation="quantized"),
                model("unslothai/a-bnb", downloads_30d=50, base_models=["qwen/a"], base_relation="quantized"),
                model("unsloth/b-gguf", downloads_30d=40, base_models=["google/b"], base_relation="quantized"),
                model("packer/b-awq", downloads_30d=30, base_models=["google/b"], base_relation="quantized"),
                model("packer/mystery", downloads_30d=80),
                # Whoever is no intermediary counts for nothing here, whatever he quantised.
                model("someone/a-gguf", downloads_30d=1000, base_models=["qwen/a"], base_relation="quantized"),
                model("packer/silent", downloads_30d=None),
            ]
        },
        registry,
    )
    found = month(computed(made))
    assert found[["rank", "organisation", "origin_country", "downloads", "models"]].values.tolist() == [
        [1, "Unsloth AI", "CN", 250, 2],
        [1, "Unsloth AI", "US", 40, 1],
        [2, "packer", "unattributed", 80, 1],
        [2, "packer", "US", 30, 1],
    ]
    np.testing.assert_allclose(found.share, [250 / 400, 40 / 400, 80 / 400, 30 / 400])
    np.testing.assert_allclose(found.share_of_all, [250 / 2000, 40 / 2000, 80 / 2000, 30 / 2000])
    np.testing.assert_allclose(found.organisation_share, [290 / 400, 290 / 400, 110 / 400, 110 / 400])
    np.testing.assert_allclose(found.origin_share, [250 / 400, 70 / 400, 80 / 400, 70 / 400])
    np.testing.assert_allclose(found.intermediaries_share, 400 / 2000)


def test_the_smallest_intermediaries_are_one_row_an_origin(
    open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]
) -> None:
    packers = [organisation(f"p{place:02}", "XX", role="intermediary") for place in range(TOP + 3)]
    rows = [model("qwen/a", downloads_30d=0)]
    rows += [
        model(f"{packer.namespace}/m", downloads_30d=100 - place, base_models=["qwen/a"])
        for place, packer in enumerate(packers)
    ]
    found = month(computed(open_flows({DAY: rows}, [organisation("qwen", "CN"), *packers])))
    assert len(found) == TOP + 1
    others = found.iloc[-1]
    assert (others.organisation, others.origin_country, others.models) == (OTHERS, "CN", 3)
    assert others.downloads == 70 + 69 + 68 and pd.isna(others["rank"])
    assert found.share.sum() == pytest.approx(1)


def test_no_downloads_at_all_leave_shares_empty(
    open_flows: Callable[..., Flows], registry: Sequence[Organisation]
) -> None:
    rows = [model("packer/a", downloads_30d=0), model("qwen/a", downloads_30d=0)]
    made = computed(open_flows({DAY: rows}, registry))
    found = month(made)
    assert found.downloads.tolist() == [0] and found[["share", "share_of_all", "origin_share"]].isna().all(axis=None)
    assert repackaged(FactBook(made)).condition == "no-data"
    assert carried(FactBook(made)).condition == "no-data"
    assert chapter.context(FactBook(made))["figures"] == []


# The simulated Hub


def test_the_demo_against_plain_sums(demo_results: Results, demo_flows: Flows) -> None:
    """Who is an intermediary from the simulation's own list, downloads from the observations alone."""
    packers = {item.namespace for item in developers() if item.role == "intermediary"}
    seen = demo_flows.data.named(demo_flows.data.observations).to_pandas()
    seen["as_of"] = pd.to_datetime(seen.as_of).dt.date
    seen["namespace"] = seen.model_id.str.split("/").str[0]
    origin = demo_flows.attribution.models.to_pandas().set_index("model_id").origin_country
    seen["origin_country"] = seen.model_id.map(origin)
    table = demo_results.tables["intermediaries"]
    checked = 0
    for basis, column in (("all-time", "downloads_all_time"), ("snapshot-30-day", "downloads_30d")):
        for as_of in demo_results.report_dates[::6]:
            rows = seen[seen.as_of == as_of]
            through = rows[rows.namespace.isin(packers)]
            expected = through.groupby(["namespace", "origin_country"])[column].sum()
            found = table[(table.as_of == as_of) & (table.basis == basis)]
            assert found.downloads.sum() == through[column].sum() > 0
            np.testing.assert_allclose(
                found.intermediaries_share, through[column].sum() / rows[column].sum(), atol=1e-9
            )
            assert sorted(found.downloads) == sorted(expected)
            assert found.groupby("origin_country").downloads.sum().to_dict() == (
                expected.groupby("origin_country").sum().to_dict()
            )
            checked += len(found)
    assert checked > 60


def test_the_demo_s_origins_are_the_planted_ones(demo_results: Results, demo_flows: Flows, demo_truth: Any) -> None:
    """Each re-packaged model by the country of the root that the simulation drew, to the last download."""
    packers = {item.namespace for item in developers() if item.role == "intermediary"}
    country = demo_truth.developers.set_index("namespace").country
    roots = demo_truth.roots.set_index("model_id").root_id.str.split("/").str[0].map(country).fillna("unattributed")
    seen = demo_flows.data.named(demo_flows.data.observations).to_pandas()
    rows = seen[pd.to_datetime(seen.as_of).dt.date == demo_results.as_of]
    rows = rows[rows.model_id.str.split("/").str[0].isin(packers)]
    expected = rows.groupby(rows.model_id.map(roots).fillna("unattributed")).downloads_all_time.sum()
    table = demo_results.tables["intermediaries"]
    found = table[(table.as_of == demo_results.as_of) & (table.basis == "all-time")]
    assert found.groupby("origin_country").downloads.sum().to_dict() == expected.to_dict()
    assert len(expected) >= 3


def test_shares_add_up_in_every_window(demo_results: Results) -> None:
    table = demo_results.tables["intermediaries"]
    whole = table.groupby(KEYS, dropna=False)
    np.testing.assert_allclose(whole.share.sum(), 1, atol=1e-8)
    np.testing.assert_allclose(whole.share_of_all.sum(), whole.intermediaries_share.first(), atol=1e-8)
    assert (whole.intermediaries_share.nunique() == 1).all() and table.intermediaries_share.between(0, 1).all()
    assert not table.duplicated([*KEYS, "organisation", "origin_country"]).any()
    assert len(whole) > 50


# The sentences


def stated(*links: tuple[str, str, int], every: int = 10_000, kind: str = "hub", **dated: int) -> FactBook:
    """Facts of given downloads: (intermediary, origin country, downloads), of ``every`` downloads in all.

    ``before`` gives all intermediaries' downloads at an earlier date.
    """

    def tabulated(rows: Sequence[tuple[str, str, int]], as_of: date) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["organisation", "origin_country", "downloads"])
        total = frame.downloads.sum()
        by = {name: frame.groupby(name).downloads.transform("sum") for name in ("organisation", "origin_country")}
        return frame.assign(
            as_of=as_of,
            window_months=12,
            window_start=date(as_of.year - 1, as_of.month, as_of.day),
            basis="counter-difference",
            rank=(-by["organisation"]).rank(method="dense"),
            models=1,
            share=frame.downloads / total,
            share_of_all=frame.downloads / every,
            organisation_share=by["organisation"] / total,
            origin_share=by["origin_country"] / total,
            intermediaries_share=total / every,
        )

    chosen = {name: metric for name, metric in metrics.discover().items() if name in NAMES}
    columns = list(chosen["intermediaries"].columns)
    parts = [tabulated(links, DAY)] if links else []
    if "before" in dated:
        parts.insert(0, tabulated([("x", "CN", dated["before"])], date(2026, 4, 20)))
    table = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    market = pd.DataFrame(
        [(DAY, "publisher", 12, date(2025, 5, 20), "counter-difference", 1, "CN", every, 1, 1.0, 1.0, 1.0)][
            : bool(every)
        ],
        columns=chosen["all-downloads-share-by-country"].columns,
    )
    tables = {"intermediaries": table, "all-downloads-share-by-country": market}
    source = results.source_note([manifest(DAY, kind=kind)])
    return FactBook(Results(chosen, tables, (date(2026, 4, 20), DAY), pd.DataFrame(), None, source))


def said(finding: Callable[[FactBook], Any], book: FactBook, condition: str) -> str:
    found = finding(book)
    assert found.condition == condition
    return str(found.text.striptags())


def test_repackaged_sentences() -> None:
    many = said(repackaged, stated(("a", "CN", 600), ("b", "US", 300), ("c", "FR", 100), ("d", "FR", 1)), "known")
    assert many.startswith("10.0% of all downloads in the twelve months to 20 May 2026 went through re-packagers")
    assert "the largest is a with 59.9% of these downloads, before b (30.0%) and c (10.0%)." in many
    assert "all of it through a." in said(repackaged, stated(("a", "CN", 600), ("a", "US", 3)), "known")
    assert "selection" in said(repackaged, stated(("a", "CN", 600), kind="file"), "known")
    assert "No download in the twelve months" in said(repackaged, stated(), "none")
    assert "no downloads" in said(repackaged, stated(every=0), "no-data")
    hostile = repackaged(stated(("<b>a</b>", "CN", 600), ("{x}", "US", 300)))
    assert "&lt;b&gt;a" in hostile.text and "{x}" in hostile.text


@pytest.mark.parametrize(
    ("links", "condition", "words"),
    [
        (
            [("a", "CN", 60), ("b", "US", 40)],
            "most",
            "More than half of what re-packagers carry comes from China: 60.0%",
        ),
        ([("a", "US", 45), ("a", "CN", 40), ("b", "FR", 15)], "first", "largest part"),
        ([("a", "US", 45), ("a", "CN", 40), ("b", "unattributed", 15)], "within-bounds", "could turn the order"),
        ([("a", "US", 60), ("a", "CN", 10), ("b", "unattributed", 30)], "most", "The origin of 30.0% is not known."),
        ([("a", "US", 50), ("b", "CN", 50)], "tie", "as much from China as from the United States: 50.0% and 50.0%"),
        ([("a", "CN", 50), ("b", "CN", 20), ("b", "XX", 9)], "one-country", "comes from China: 88.6%"),
        ([("a", "unattributed", 50), ("a", "XX", 5)], "unknown", "no origin country is known"),
        ([], "no-data", "no origin to name"),
    ],
)
def test_carried_sentences(links: Sequence[tuple[str, str, int]], condition: str, words: str) -> None:
    assert words in said(carried, stated(*links), condition)


def test_over_time_sentences() -> None:
    assert "history will grow" in said(repackaged_over_time, stated(("a", "CN", 600)), "one-date")
    risen = said(repackaged_over_time, stated(("a", "CN", 600), before=300), "risen")
    assert "3.0% in the twelve months to 20 April 2026, 6.0% in the twelve months to 20 May 2026" in risen
    said(repackaged_over_time, stated(("a", "CN", 200), before=300), "fallen")
    said(repackaged_over_time, stated(("a", "CN", 300), before=301), "level")
    said(repackaged_over_time, stated(), "no-data")


def test_every_share_in_a_sentence_is_a_fact(demo_results: Results) -> None:
    facts = FactBook(demo_results)
    texts = [finding(facts).text for finding in (repackaged, carried, repackaged_over_time)]
    known = {fact["text"] for fact in facts.as_json()["facts"]}
    for text in texts:
        marked = [part.split("</data>")[0].split(">")[-1] for part in str(text).split("<data ")[1:]]
        assert marked and set(marked) <= known
        assert str(text.striptags()).count("%") == sum(mark.count("%") for mark in marked)


# The flow chart


def drawn(figure: charts.Figure, cache: Path) -> tuple[str, str]:
    drawing = charts.render(figure, cache)
    for svg in (drawing.wide, drawing.narrow):
        assert "NaN" not in svg and "Infinity" not in svg and "<script" not in svg
    return str(drawing.wide), str(drawing.narrow)


def test_one_link_is_drawn(tmp_path: Path) -> None:
    rows = stated(("</text><script>alert(1)</script>", "CN", 7)).results.tables["intermediaries"]
    figure = repackaged_flows(rows, "x")
    wide, narrow = drawn(figure, tmp_path)
    assert "China 100.0%" in wide and "&lt;script&gt;" in wide and "100.0%" in narrow
    assert figure.table.values.tolist() == [["</text><script>alert(1)</script>", "China", "7", "100.0%"]]


def many_links() -> pd.DataFrame:
    countries = ["CN", "US", "FR", "DE", "GB", "KR", "JP", "AE", "CA", "IL", "XX", "unattributed"]
    links = [
        (f"packer-{place}" if place < TOP else OTHERS, code, 10_000 // (1 + place * 7 + order * 3))
        for place in range(TOP + 1)
        for order, code in enumerate(countries)
    ]
    return stated(*links, every=10**9).results.tables["intermediaries"]


def test_many_links_are_gathered_and_all_is_kept(tmp_path: Path) -> None:
    rows = many_links()
    links = links_of(rows)
    assert links.downloads.sum() == rows.downloads.sum()
    assert links.organisation.nunique() == NAMED + 1 and links.code.nunique() == ORIGINS + 3
    assert not links.duplicated(["origin", "organisation"]).any()
    figure = repackaged_flows(rows, "x")
    wide, narrow = drawn(figure, tmp_path)
    for name in ("Other countries", "International", "Unattributed", "(others)", "packer-0"):
        assert name in wide
    assert "attributed" in narrow and "Other" in narrow, "what is not attributed stays to be seen on a phone"


def test_bands_fill_their_nodes_and_labels_have_room() -> None:
    links = links_of(many_links())
    nodes, points, height = bands_of(links)
    assert nodes["top"].min() >= 0 and nodes["bottom"].max() <= height
    for side, at in (("left", 0), ("right", 1)):
        column = nodes[nodes.side == side].sort_values("top")
        assert (column.bottom - column.top).sum() == pytest.approx(BARS)
        assert np.diff(column.middle).min() >= 18.9
        ends = points[points.x == at].set_index("link")
        of = "origin" if side == "left" else "organisation"
        reached = ends.groupby(links[of]).agg(top=("y", "min"), bottom=("y2", "max"))
        expected = column.set_index("name").loc[reached.index]
        np.testing.assert_allclose(reached.top, expected.top, atol=0.02)
        np.testing.assert_allclose(reached.bottom, expected.bottom, atol=0.02)
        # No band covers another within its node.
        for _, rows in ends.groupby(links[of]):
            ordered = rows.sort_values("y")
            assert (ordered.y.to_numpy()[1:] >= ordered.y2.to_numpy()[:-1] - 0.02).all()


def test_fallen_counters_are_not_drawn() -> None:
    rows = stated(("a", "CN", 100), ("a", "US", -40), ("b", "US", 0)).results.tables["intermediaries"]
    links = links_of(rows)
    assert links.downloads.tolist() == [100] and links.part.tolist() == [1]
    assert repackaged_flows(rows, "x").table.Share.tolist() == ["166.7%"]


def test_the_demo_s_page(demo_results: Results, tmp_path: Path) -> None:
    made = chapter.context(FactBook(demo_results))
    assert [figure.id for figure in made["figures"]] == ["repackaged-flows"] and len(made["findings"]) == 3
    wide, _ = drawn(made["figures"][0], tmp_path)
    assert "China 6" in wide


# The real file


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(DATA / REAL, as_of=DAY):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    chosen = {name: metric for name, metric in metrics.discover().items() if name in NAMES}
    return results.compute(flows.build(data, attribute(data)), chosen, [entry.manifest for entry in entries])


@needs_real(REAL)
def test_real_intermediaries_in_plain_sql(real: Results) -> None:
    expected = duckdb.execute(
        f"""
        with listed as (from read_csv('{REGISTRY}', all_varchar = true) where role = 'intermediary')
        select organisation, sum(downloads)::bigint as downloads, count(downloads) as models
        from read_parquet('{DATA / REAL}') join listed on lower(split_part(id, '/', 1)) = lower(namespace)
        where downloads is not null group by all
        """
    ).fetchall()
    found = month(real).groupby("organisation")[["downloads", "models"]].sum()
    assert {(name, *row) for name, row in zip(found.index, found.to_numpy().tolist(), strict=True)} == set(expected)
    assert len(expected) == 15


@needs_real(REAL)
def test_the_real_figures(real: Results) -> None:
    """As they were when last looked at; a change of the registry that moves them has to be seen."""
    facts = FactBook(real)
    text = said(repackaged, facts, "known")
    assert text.startswith("0.9% of all downloads in the 30 days to 20 May 2026")
    assert "Hugging Face with 73.5%" in text and "a selection of models" in text
    origins = month(real).groupby("origin_country").origin_share.first()
    assert origins["US"] == pytest.approx(0.8485, abs=2e-4) and origins["CN"] == pytest.approx(0.1374, abs=2e-4)
    assert origins["unattributed"] == pytest.approx(0.0060, abs=2e-4)
    assert "84.8% of their downloads, against 13.7% from China" in said(carried, facts, "most")
    said(repackaged_over_time, facts, "one-date")
