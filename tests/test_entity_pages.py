"""The pages of single countries and organisations: their tables, their addresses, their sentences."""

import html
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

import duckdb
import markdown
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from samples import DATA, flows_in_windows
from test_findings import manifest
from test_pages import HOSTILE, Page

from generator import archive, dataset, engines, flows, profiles, results
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.chapters import compare, country, nations, organisation, organisations
from generator.charts.sparkline import sparkline
from generator.facts import FactBook
from generator.findings.standing import standing
from generator.flows import Flows
from generator.metrics import (
    all_downloads_share_by_country,
    derivatives_by_origin,
    most_built_upon,
    new_model_share_by_country,
    organisation_history,
    release_cadence,
    release_cadence_by_country,
    series_quality,
    top_developers,
    top_families_by_country,
    top_families_by_organisation,
    top_models_by_country,
    top_models_by_organisation,
    top_organisations_by_country,
)
from generator.pages import _environment
from generator.results import Results
from generator.selection import newest
from generator.slugs import LONGEST, printable, slugs
from generator.sources import files

METRICS = {
    module.METRIC.id: module.METRIC
    for module in (
        all_downloads_share_by_country,
        derivatives_by_origin,
        most_built_upon,
        new_model_share_by_country,
        organisation_history,
        release_cadence,
        release_cadence_by_country,
        series_quality,
        top_developers,
        top_families_by_country,
        top_families_by_organisation,
        top_models_by_country,
        top_models_by_organisation,
        top_organisations_by_country,
    )
}
CHAPTERS: dict[str, ModuleType] = {
    "compare": compare,
    "country": country,
    "nations": nations,
    "organisation": organisation,
    "organisations": organisations,
}
OTHER_PAGES = ("countries", "method")
HISTORY = "organisation-history"
APRIL, MAY = date(2026, 4, 30), date(2026, 5, 31)
SMALL = [
    ("Qwen/a", 600, "2026-01-10"),
    ("Qwen/b", 100, "2023-01-10"),
    ("google/c", 300, "2026-01-10"),
    ("google/d", 0, "2026-01-10"),
    ("nobody/e", 200, "2026-01-10"),
]


def small(day: date, times: int = 1) -> list[dict[str, Any]]:
    return [
        {"model_id": name, "created_at": datetime.fromisoformat(created), "downloads_30d": number * times}
        for name, number, created in SMALL
    ]


@pytest.fixture(scope="session")
def tables(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., Results]:
    def made(rows: Mapping[date, list[dict[str, Any]]], *only: str) -> Results:
        known = [organisation("Qwen", "CN"), organisation("google", "US")]
        chosen = {name: metric for name, metric in METRICS.items() if name in only or not only}
        return results.compute(open_flows(rows, known), chosen, [manifest(day) for day in rows])

    return made


@pytest.fixture(scope="module")
def one_date(tables: Callable[..., Results]) -> Results:
    return tables({MAY: small(MAY)})


@pytest.fixture(scope="session")
def of_demo(demo_flows: Flows, demo_entries: list[archive.Entry]) -> Results:
    return results.compute(demo_flows, METRICS, [entry.manifest for entry in demo_entries])


def rendered(computed: Results) -> tuple[dict[str, str], FactBook]:
    """The Markdown of the pages tested here, by address below the site's root."""
    environment, book = _environment(), FactBook(computed)
    pages: dict[str, str] = {}
    for name, chapter in CHAPTERS.items():
        template = environment.get_template(f"{name}.md.j2")
        if hasattr(chapter, "pages"):
            filled = {f"report/{name}/{slug}": context for slug, context in chapter.pages(book).items()}
        else:
            filled = {f"report/{name}": chapter.context(book)}
        for place, context in filled.items():
            root = "../" * len(PurePosixPath(place).parts)
            pages[place] = template.render(results=computed, book=book, root=root, licence="", **context)
    return pages, book


def as_html(text: str) -> str:
    return markdown.markdown(text.split("---\n", 2)[2], extensions=["attr_list", "toc"])


@pytest.fixture(scope="module")
def demo_pages(of_demo: Results) -> tuple[dict[str, str], FactBook]:
    return rendered(of_demo)


@pytest.fixture(scope="module")
def hostile(tables: Callable[..., Results]) -> Results:
    names = [*HOSTILE, "../../etc/passwd", "index/a", "con/b", "\ufffe/c", "Case/d", "cASE/e"]
    rows = [
        {"model_id": name, "created_at": datetime(2026, 3, 1), "downloads_30d": 1000 - place}
        for place, name in enumerate(names)
    ]
    return tables({MAY: rows})


# Tables


def test_tables_of_a_small_archive(tables: Callable[..., Results]) -> None:
    computed = tables({APRIL: small(APRIL, 2), MAY: small(MAY)})
    history = computed.tables[HISTORY]
    published = history[history["lens"] == "publisher"]
    assert published[["as_of", "rank", "organisation", "downloads"]].values.tolist() == [
        [APRIL, 1, "Qwen", 1400],
        [APRIL, 2, "google", 600],
        [APRIL, 3, "nobody", 400],
        [MAY, 1, "Qwen", 700],
        [MAY, 2, "google", 300],
        [MAY, 3, "nobody", 200],
    ]
    assert published["share"].tolist() == pytest.approx([7 / 12, 3 / 12, 2 / 12] * 2)
    models = computed.tables["top-models-by-organisation"]
    theirs = models[(models["lens"] == "publisher") & (models["organisation"] == "Qwen")]
    assert theirs[["as_of", "rank", "model_id", "downloads", "created_on", "family"]].values.tolist() == [
        [MAY, 1, "Qwen/a", 600, date(2026, 1, 10), "Qwen"],
        [MAY, 2, "Qwen/b", 100, date(2023, 1, 10), "Qwen"],
    ]
    assert theirs["share_of_organisation"].tolist() == pytest.approx([6 / 7, 1 / 7])
    assert "google/d" not in models["model_id"].tolist(), "no downloads"
    unattributed = computed.tables["top-models-by-country"].query("lens == 'publisher' and country == 'unattributed'")
    assert unattributed[["model_id", "organisation", "share_of_country"]].values.tolist() == [
        ["nobody/e", "nobody", 1.0]
    ]


def test_history_agrees_with_the_ranking_of_every_date(of_demo: Results) -> None:
    history = of_demo.tables[HISTORY]
    ranked = of_demo.tables["top-developers"]
    keys = ["as_of", "lens", "window_months", "basis", "organisation"]
    both = history.merge(ranked, on=keys, suffixes=("", "_ranked"))
    assert len(both) > 200 and both["as_of"].nunique() > 3
    assert both["rank"].tolist() == both["rank_ranked"].tolist()
    assert both["share"].tolist() == both["share_ranked"].tolist()
    first = newest(of_demo, "top-developers", lens="publisher")
    assert newest(of_demo, HISTORY, lens="publisher")["organisation"].tolist() == first["organisation"].tolist()


def test_top_models_of_the_demo_recomputed(of_demo: Results, demo_flows: Flows) -> None:
    row = newest(of_demo, HISTORY, lens="publisher").iloc[0]
    flow = flows_in_windows(demo_flows)
    chosen = flow[
        (flow["as_of"].astype(str) == str(of_demo.as_of))
        & (flow["window_months"] == row["window_months"])
        & (flow["basis"] == row["basis"])
        & flow["complete"]
    ]
    lenses = demo_flows.attribution.lenses.to_pandas().drop(columns="created_on")
    for metric, of in (("top-models-by-organisation", "organisation"), ("top-models-by-country", "country")):
        table = of_demo.tables[metric]
        for (lens, name), rows in table.groupby(["lens", of]):
            theirs = lenses[(lenses["lens"] == lens) & (lenses[of] == name)]
            sums = chosen[chosen["model_id"].isin(theirs["model_id"])].groupby("model_id")["downloads"].sum()
            best = sums[sums > 0].reset_index().sort_values(["downloads", "model_id"], ascending=[False, True]).head(10)
            assert rows["model_id"].tolist() == best["model_id"].tolist()
            assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
            assert rows[f"share_of_{of}"].tolist() == pytest.approx((best["downloads"] / sums.sum()).tolist())
        assert table["rank"].max() == 10


def test_members_and_families_add_up(of_demo: Results) -> None:
    shares = of_demo.tables["all-downloads-share-by-country"]
    for metric in ("top-organisations-by-country", "top-families-by-country"):
        table = of_demo.tables[metric]
        keys = ["as_of", "lens", "window_months", "basis", "country"]
        sums = table.groupby(keys, as_index=False)[["downloads", "share_of_country"]].sum()
        both = sums.merge(shares, on=keys, suffixes=("", "_of_all"))
        assert len(both) == len(sums) > 5
        assert (both["downloads"] <= both["downloads_of_all"]).all()
        whole = both[both["share_of_country"] > 1 - 1e-9]
        assert len(whole) and (whole["downloads"] == whole["downloads_of_all"]).all()


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "hub_models_2026-05.parquet").exists(), reason=f"{DATA} has no real data")
def test_the_real_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = DATA / "hub_models_2026-05.parquet"
    folder = tmp_path_factory.mktemp("real")
    for snapshot in files.load(file, as_of=date(2026, 5, 20)):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    computed = results.compute(flows.build(data, attribute(data)), METRICS, [entry.manifest for entry in entries])
    top = newest(computed, HISTORY, lens="publisher").iloc[0]
    assert (top["organisation"], top["country"]) == ("Alibaba", "CN")
    models = computed.tables["top-models-by-organisation"]
    theirs = models[(models["lens"] == "publisher") & (models["organisation"] == "OpenAI")]
    raw = duckdb.sql(
        f"select id, downloads from read_parquet('{file}') where lower(author) in ('openai', 'openai-community') "
        "and downloads > 0 order by downloads desc, id limit 10"
    ).fetchall()
    assert list(zip(theirs["model_id"], theirs["downloads"], strict=True)) == raw
    assert list(profiles.countries(computed)) == ["CN", "US", "FR", "SG", "DE", "AE", "GB", "KR", "XX"]
    assert len(profiles.organisations(computed)) == 50
    text = rendered(computed)[0]["report/organisation/alibaba"]
    assert "a selection, not of the whole" in text and "One date so far" in text
    assert 'href="https://huggingface.co/Qwen/' in html.unescape(text)


# Addresses


@given(st.lists(st.text(max_size=80), unique=True, max_size=60))
def test_slugs_are_unique_and_safe(names: list[str]) -> None:
    made = slugs(names)
    assert list(made) == names
    assert len({slug.lower() for slug in made.values()}) == len(names)
    for slug in made.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= LONGEST + 1 + 64
        assert slug not in ("index", "readme", "con", "nul", "unattributed")


@given(st.permutations(["a b", "a-b", "A B", "a.b", "é", "e", "中文", "index", "ﬁ", "", "." * 9]))
def test_slugs_do_not_depend_on_order(names: list[str]) -> None:
    assert slugs(names) == slugs(sorted(names))


def test_slugs_of_plain_names_are_plain() -> None:
    assert slugs(["Mistral AI", "01.AI", "Hugging Face"]) == {
        "Mistral AI": "mistral-ai",
        "01.AI": "01-ai",
        "Hugging Face": "hugging-face",
    }
    first = slugs(["Qwen", "qwen"])
    assert slugs(["Qwen", "qwen", first["Qwen"]])[first["Qwen"]] != first["Qwen"], "a name that is another's slug"


@given(st.text())
def test_titles_are_printable(name: str) -> None:
    assert printable(name).isprintable() and printable(name).strip()


def test_only_well_formed_names_become_links_to_the_hub(one_date: Results, of_demo: Results) -> None:
    assert profiles.hub_address("Qwen/a", one_date) == "https://huggingface.co/Qwen/a"
    assert profiles.hub_address("Qwen/a", of_demo) == ""
    for name in (*HOSTILE, "a/b/../c", "../a", "gpt2\n/a"):
        assert profiles.hub_address(name, one_date) == "", name


def test_which_countries_have_a_page(tables: Callable[..., Results], one_date: Results) -> None:
    assert list(profiles.countries(one_date)) == ["CN", "US"]
    rows = small(MAY)
    rows[0]["downloads_30d"] = 10**6
    assert list(profiles.countries(tables({MAY: rows}, profiles.ALL))) == ["CN"], "0.03% is too little"
    nothing = tables({MAY: [{**row, "downloads_30d": 0} for row in rows]}, profiles.ALL)
    assert profiles.countries(nothing) == {}


# Sentences


@pytest.mark.parametrize(
    ("published", "developed", "condition", "words"),
    [
        (0.2, 0.3, "built-upon", "add to its own"),
        (0.3, 0.2, "builds-on-others", "goes back to others"),
        (0.2, 0.2003, "level", "root of its lineage."),
        (0.2, None, "publisher-only", "it is not in the table"),
        (None, 0.2, "origin-only", "as a publisher it is not in the table"),
        (None, None, "no-data", "hold nothing of Qwen"),
        (float("nan"), None, "no-data", "hold nothing of Qwen"),
    ],
)
def test_standing(
    one_date: Results, published: float | None, developed: float | None, condition: str, words: str
) -> None:
    book = FactBook(one_date)
    row = newest(book.results, HISTORY, lens="publisher").iloc[0]
    rows = {
        lens: None if share is None else pd.Series({**row.to_dict(), "lens": lens, "share": share})
        for lens, share in (("publisher", published), ("origin", developed))
    }
    finding = standing(book, HISTORY, rows, "Qwen", "all downloads")
    text = str(finding.text.striptags())
    assert finding.condition == condition and words in text
    for share in (published, developed):
        if share is not None and share == share:
            assert f"{share:.1%}" in text
    assert ("%" in text) == (condition != "no-data") == ("rank 1" in text)


def test_standing_without_a_rank(one_date: Results) -> None:
    book = FactBook(one_date)
    rows = profiles.now(book.results, profiles.ALL, "country", "unattributed")
    assert "rank" not in standing(book, profiles.ALL, rows, "Unattributed", "all downloads").text


# Lines


def test_sparkline() -> None:
    days = [date(2026, month, 1) for month in range(1, 6)]
    whole = sparkline([dict(zip(days, [0.0, 0.1, 0.2, 0.1, 0.4], strict=True))], "a <label>", 100, 50)
    assert whole.count("<polyline") == 1 and 'aria-label="a &lt;label&gt;"' in whole
    points = re.search(r'points="([^"]+)"', whole)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert heights[0] == 45 and heights[-1] == 5 and heights[1] == pytest.approx(35)
    gap = sparkline([dict(zip(days, [0.1, 0.1, float("nan"), 0.1, 0.4], strict=True))], "")
    assert gap.count("<polyline") == 2, "a date without a value is no value of nought"
    assert sparkline([{days[0]: 0.1}], "") == "" == sparkline([], "")
    assert "nan" not in sparkline([{days[0]: 0.0, days[1]: 0.0}], "")


# Pages


def test_pages_of_the_demo(demo_pages: tuple[dict[str, str], FactBook], of_demo: Results) -> None:
    pages, _ = demo_pages
    assert len([name for name in pages if name.startswith("report/organisation/")]) == 50
    assert {"report/country/cn", "report/country/us", "report/nations", "report/compare"} <= set(pages)
    for name, text in pages.items():
        assert "Simulated data." in text, name
        assert "None" not in text and "&lt;NA" not in text and "nan" not in re.findall(r">(\w+)<", text), name
        if name.count("/") == 2:
            assert text.count('class="sparkline"') >= 1 and "huggingface.co/" not in text
    china = pages["report/country/cn"]
    for organisation_name in ("Qwen", "deepseek-ai"):
        assert f"{organisation_name}</a>" in html.unescape(china)


def table_of(text: str, label: str) -> list[list[str]]:
    """The body of the table in the region of that name, as printed."""
    region = re.search(rf'aria-label="{label}">(.*?)</table>', text, re.S)
    assert region is not None, label
    body = region[1].split("<tbody>")[1]
    cells = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>")
    return [
        [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in cells.findall(row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]


def test_a_country_s_cadence_and_derivatives_are_those_of_the_tables(
    demo_pages: tuple[dict[str, str], FactBook], of_demo: Results
) -> None:
    china = demo_pages[0]["report/country/cn"]
    tables = of_demo.tables
    cadence = tables["release-cadence-by-country"].query("country == 'CN' and as_of == @of_demo.as_of").iloc[0]
    labs = tables["release-cadence"].query("country == 'CN' and as_of == @of_demo.as_of")
    printed = table_of(china, "Release cadence")
    assert printed[0][:2] == [str(cadence.labs), str(cadence.events)]
    assert printed[0][3] == f"{cadence.median_days_between:.1f}"
    assert [row[0] for row in table_of(china, "Release cadence of each large lab")] == labs.organisation.tolist()
    built = tables["derivatives-by-origin"].query("country == 'CN' and complete and window_months == 12")
    rows = table_of(china, "Derivatives")
    assert len(rows) == len(built) > 12
    assert [row[1] for row in rows] == [f"{number:,}" for number in built.derivatives[::-1]]
    assert [row[5] for row in rows] == [f"{number:,}" for number in built.total[::-1]]


def test_a_country_without_labs_and_derivatives_says_so(one_date: Results) -> None:
    pages, _ = rendered(one_date)
    page = html.unescape(pages["report/country/us"])
    assert "No large lab of this country released a model in the last year" in page
    assert "No model created in a whole window of twelve months is known to descend" in page
    assert "no model among the fifty most built upon" in page


def test_links_lead_to_pages(demo_pages: tuple[dict[str, str], FactBook]) -> None:
    pages, _ = demo_pages
    known = {f"/{name}/" for name in (*pages, *(f"report/{name}" for name in OTHER_PAGES))}
    tables = {
        place
        for metric in METRICS
        for place in (f"/data/{metric}.csv", f"/data/{metric}.json", f"/report/table/{metric}/")
    }
    checked = 0
    for name, text in pages.items():
        page = Page(as_html(text))
        assert len(page.ids) == len(set(page.ids)), name
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids
            elif link.endswith(".md"):
                assert f"/report/{link.removesuffix('.md')}/" in known, (name, link)
            else:
                target = urljoin(f"/{name}/", link).split("#")[0].split("?")[0]
                assert target in known | tables | {"/javascripts/compare.js"}, (name, link)
            checked += 1
    assert checked > 1000


def test_numbers_in_sentences_are_facts_of_one_row(demo_pages: tuple[dict[str, str], FactBook]) -> None:
    pages, book = demo_pages
    facts = {fact["id"]: fact for fact in book.as_json()["facts"]}
    marked = 0
    for text in pages.values():
        for sentence in re.findall(r'<p class="finding".*?</p>', text):
            for identity, number in re.findall(r'data-fact="(\d+)"[^>]*>([^<]*)</data>', sentence):
                assert html.unescape(number) == facts[identity]["text"]
                marked += 1
            assert "%" not in re.sub(r"<data.*?</data>", "", html.unescape(sentence))
    assert marked > 200
    for fact in facts.values():
        table = book.results.tables[fact["metric"]]
        for column, value in fact["row"].items():
            table = table[table[column].astype(str) == str(value)]
        assert len(table) == 1, fact


def test_printed_shares_are_those_of_the_table(demo_pages: tuple[dict[str, str], FactBook], of_demo: Results) -> None:
    pages, _ = demo_pages
    rows = newest(of_demo, HISTORY, lens="publisher")
    printed = re.findall(r'<tr data-key="[^"]+" data-kind="organisation".*?<td>([^<]+)</td>', pages["report/compare"])
    assert [html.unescape(text) for text in printed] == [
        f"{share:.1%}" if share >= 0.0005 else "<0.1%" for share in rows["share"]
    ]


def test_hostile_names_are_text_and_safe_files(hostile: Results) -> None:
    pages, _ = rendered(hostile)
    for name, text in pages.items():
        assert re.fullmatch(r"report/[a-z0-9/-]+", name) and ".." not in name
        front = yaml.safe_load(text.split("---\n", 2)[1])
        assert set(front) == {"title", "description", "hide"} and isinstance(front["title"], str)
        markup = as_html(text)
        page = Page(markup)
        for tag, attributes in page.tags:
            assert tag not in ("img", "b", "i"), (name, tag)
            assert not any(key.startswith("on") for key in attributes), name
            assert not str(attributes.get("href", "")).startswith("javascript:"), name
        assert "<strong>bold" not in markup and "<script>alert" not in markup and "\u202e" not in markup
    shown = Page(as_html(pages["report/organisations"])).text
    assert '<img src=x onerror="alert(2)">' in shown and "=cmd|" in shown
    evil = Page(as_html(pages["report/organisation/evil"])).text
    assert "{{ 7 * 7 }}" in evil and "<script>alert(1)</script>" in evil
    assert {"report/organisation/index", "report/organisation/con"}.isdisjoint(pages)
    assert sum(name.startswith("report/organisation/case-") for name in pages) == 2


def test_nothing_to_show(tables: Callable[..., Results], one_date: Results) -> None:
    without = tables({MAY: [{**row, "downloads_30d": None, "downloads_all_time": 5} for row in small(MAY)]})
    pages, _ = rendered(without)
    assert set(pages) == {"report/compare", "report/nations", "report/organisations"}
    for text in pages.values():
        assert "hold no downloads" in text and "%<" not in text
    zeros, _ = rendered(tables({MAY: [{**row, "downloads_30d": 0} for row in small(MAY)]}))
    assert "hold nothing of Qwen" in zeros["report/organisation/qwen"]
    assert "No model with downloads" in zeros["report/organisation/qwen"]
    single, _ = rendered(one_date)
    assert "One date so far, 31 May 2026" in single["report/country/cn"]
