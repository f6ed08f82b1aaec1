"""Licences, gates and training data: the traits, the three tables, the register, and every sentence and chart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest
from samples import DATA
from test_findings import manifest

from generator import archive, checked_rows, dataset, engines, flows, metrics, results
from generator.attribution import attribute
from generator.attribution.registry import Organisation
from generator.chapters.openness import context
from generator.charts.theme import themed
from generator.errors import ReportError
from generator.facts import FactBook
from generator.findings import openness as findings
from generator.flows import Flows
from generator.metrics import frontier_releases, openness_by_country
from generator.references import openness as references
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources import files
from generator.sources.demo import Demo, developers
from generator.traits import licences

MODELS = DATA / "hub_models_2026-05.parquet"
MAY = date(2026, 5, 20)
DAY = date(2026, 5, 31)
NEW = datetime(2026, 1, 10)
OLD = datetime(2023, 1, 10)
MINE = ("openness", "openness-by-country", "openness-by-year", "frontier-releases")


def row(model_id: str, downloads: int | None = 100, **other: Any) -> dict[str, Any]:
    usual = {"created_at": NEW, "downloads_30d": downloads, "downloads_all_time": downloads, "tags": ["x"]}
    return {"model_id": model_id, **usual, **other}


@pytest.fixture
def book(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., FactBook]:
    registry = [organisation("Qwen", "CN"), organisation("google", "US")]

    def made(*rows: dict[str, Any], day: date = DAY) -> FactBook:
        chosen = {name: metric for name, metric in metrics.discover().items() if name in (*MINE, "series-quality")}
        return FactBook(results.compute(open_flows({day: rows}, registry), chosen, [manifest(day)]))

    return made


def of_trait(computed: Results, trait: str, **where: Any) -> dict[str, float]:
    table = computed.tables["openness"]
    chosen = table[(table["trait"] == trait) & (table["basis"] == "snapshot-30-day")]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    return dict(zip(chosen["value"], chosen["share"], strict=True))


# Traits


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("apache-2.0", "open-source"),
        (" MIT ", "open-source"),
        ("cc0-1.0", "open-other"),
        ("llama3.1", "restricted"),
        ("openrail++", "restricted"),
        ("cc-by-nc-sa-4.0", "non-commercial"),
        ("other", "other"),
        ("<script>alert(1)</script>'; drop table x", "other"),
        ("", "none"),
        ("  ", "none"),
        (None, "none"),
    ],
)
def test_the_class_of_a_licence(licence: str | None, expected: str) -> None:
    value = ibis.literal(licence, type="string")
    assert ibis.duckdb.connect().execute(licences.licence_class(value, licences.load())) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["dataset:a/b", "license:mit"], "disclosed"),
        (["mydataset:a", "license:mit"], "undisclosed"),
        ([], "undisclosed"),
        ([None, "dataset:a"], "disclosed"),
        (None, "unknown"),
    ],
)
def test_disclosure(tags: list[str | None] | None, expected: str) -> None:
    value = ibis.literal(tags, type="array<string>")
    assert ibis.duckdb.connect().execute(licences.disclosure(value)) == expected


@pytest.mark.parametrize(
    ("gated", "expected"), [("no", "no"), ("auto", "auto"), ("manual", "manual"), (None, "unknown"), ("?", "unknown")]
)
def test_gate(gated: str | None, expected: str) -> None:
    assert ibis.duckdb.connect().execute(licences.gate(ibis.literal(gated, type="string"))) == expected


def test_the_table_of_licences() -> None:
    table = licences.load()
    assert len(table) >= 75
    by_class = {name: {item.licence for item in table if item.licence_class == name} for name in licences.CLASSES}
    assert all("-nc-" in name for name in by_class["non-commercial"] if name.startswith("cc-"))
    assert {f"llama{version}" for version in ("2", "3", "3.1", "3.2", "3.3", "4")} <= by_class["restricted"]
    # Open source is what the Initiative lists, so its own page is the only evidence.
    for item in table:
        assert item.evidence_url.startswith("https://opensource.org/license/") == (
            item.licence_class == "open-source"
        ), item.licence
    assert licences.NONE not in {item.licence for item in table}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mit,free,https://opensource.org/license/mit,", "field class"),
        ("mit,open-source,opensource.org,", "field evidence_url"),
        ("mit,open-source,https://a.org,\nmit,other,https://a.org,", "listed twice"),
    ],
)
def test_a_damaged_table_of_licences(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "licences.csv"
    path.write_text(f"licence,class,evidence_url,note\n{line}\n", encoding="utf-8")
    with pytest.raises(ReportError, match=words):
        licences.load(path)


# Tables


def test_a_small_archive(book: Callable[..., FactBook]) -> None:
    computed = book(
        row("Qwen/a", 600, license="apache-2.0", gated="no", tags=["dataset:x/y"]),
        row("Qwen/b", 200, license="other", gated="auto"),
        row("google/c", 100, license="gemma", gated="manual", tags=None),
        row("nobody/d", 100, license=None),
        row("nobody/e", None, license="mit"),
        row("google/old", 5000, license="cc-by-nc-4.0", created_at=OLD, tags=["dataset:z"]),
    ).results
    assert of_trait(computed, "licence-class") == {"open-source": 0.6, "other": 0.2, "none": 0.1, "restricted": 0.1}
    assert of_trait(computed, "gate") == {"no": 0.6, "auto": 0.2, "manual": 0.1, "unknown": 0.1}
    assert of_trait(computed, "disclosure") == {"disclosed": 0.6, "undisclosed": 0.3, "unknown": 0.1}
    table = computed.tables["openness-by-country"]
    chosen = table[(table["lens"] == "publisher") & (table["basis"] == "snapshot-30-day")].set_index("country")
    assert chosen.index.tolist() == ["CN", "US", "unattributed"]
    assert chosen.loc["CN", ["downloads", "models", "rank"]].tolist() == [800, 2, 1]
    china = chosen.loc["CN", ["open_source_share", "other_share", "gated_share", "disclosed_share"]]
    assert china.tolist() == [0.75, 0.25, 0.25, 0.75]
    assert chosen.loc["US", "restricted_share"] == 1 and chosen.loc["US", "gated_share"] == 1
    # Without tags nothing can be said, which is not the same as nothing disclosed.
    assert pd.isna(chosen.loc["US", "disclosed_share"]) and pd.isna(chosen.loc["unattributed", "gated_share"])
    years = computed.tables["openness-by-year"]
    ever = years[years["basis"] == "all-time"].set_index("year")
    assert ever.index.tolist() == ["2023", "2026"]
    assert ever["downloads"].tolist() == [5000, 1000]
    assert ever.loc["2026", "disclosed_share"] == pytest.approx(600 / 900)
    assert ever.loc["2026", "disclosed_models_share"] == pytest.approx(1 / 3)
    assert ever.loc["2023", "non_commercial_share"] == 1


def test_no_downloads_are_no_share(book: Callable[..., FactBook]) -> None:
    computed = book(row("Qwen/a", 0, license="mit"), row("Qwen/floor", 0, created_at=datetime(2022, 3, 2))).results
    assert computed.tables["openness"]["share"].isna().all()
    assert (computed.tables["openness"]["models_share"] == 1).all()
    assert computed.tables["openness-by-country"]["open_source_share"].isna().all()
    years = computed.tables["openness-by-year"].set_index("year")
    assert set(years.index) == {"2026", "unknown"} and years["disclosed_share"].isna().all()


def test_the_demo_counted_anew(demo_results: Results, demo_snapshots: list[Snapshot], demo: Demo) -> None:
    """Every report date, from the snapshots' own rows and without the program's tables."""
    classes = {item.licence: item.licence_class for item in licences.load()}
    countries = {item.namespace: item.country for item in developers()}
    checked = 0
    for snapshot in demo_snapshots:
        if snapshot.as_of not in demo_results.report_dates[-4:]:
            continue
        frame = snapshot.models.to_pandas()
        frame = frame[frame["downloads_30d"].notna()]
        created = frame["created_at"].dt.date
        new = frame[(created > snapshot.as_of - timedelta(days=365)) & (created != date(2022, 3, 2))].copy()
        new["class"] = [classes.get(name, "other") if isinstance(name, str) else "none" for name in new["license"]]
        new["disclosed"] = [any(tag.startswith("dataset:") for tag in tags) for tags in new["tags"]]
        new["country"] = [countries.get(name, "unattributed") for name in new["author"]]
        total = new["downloads_30d"].sum()
        expected = (new.groupby("class")["downloads_30d"].sum() / total).to_dict()
        assert of_trait(demo_results, "licence-class", as_of=snapshot.as_of) == pytest.approx(expected)
        share = new.loc[new["disclosed"], "downloads_30d"].sum() / total
        assert of_trait(demo_results, "disclosure", as_of=snapshot.as_of)["disclosed"] == pytest.approx(share)
        gates = (new.groupby("gated")["downloads_30d"].sum() / total).to_dict()
        assert of_trait(demo_results, "gate", as_of=snapshot.as_of) == pytest.approx(gates)
        table = demo_results.tables["openness-by-country"]
        found = table[
            (table["as_of"] == snapshot.as_of) & (table["lens"] == "publisher") & (table["basis"] == "snapshot-30-day")
        ].set_index("country")
        for country, group in new.groupby("country"):
            open_source = group.loc[group["class"] == "open-source", "downloads_30d"].sum()
            assert found.loc[country, "models"] == len(group)
            assert found.loc[country, "open_source_share"] == pytest.approx(open_source / group["downloads_30d"].sum())
            checked += 1
    assert checked > 20


def test_the_shares_of_the_classes_sum_to_one(demo_results: Results) -> None:
    columns = list(openness_by_country.LICENCE_COLUMNS.values())
    for name in ("openness-by-country", "openness-by-year"):
        sums = demo_results.tables[name][columns].sum(axis=1)
        assert len(sums) and sums.to_numpy() == pytest.approx(1.0)
    by_trait = demo_results.tables["openness"].groupby(["as_of", "basis", "window_months", "trait"])
    assert by_trait["share"].sum().to_numpy() == pytest.approx(1.0)
    assert by_trait["models"].sum().groupby(level=[0, 1, 2]).nunique().eq(1).all()


def test_the_planted_licences_come_back(demo_results: Results) -> None:
    """The demo's German developer publishes under other alone, its British one under OpenRAIL."""
    table = demo_results.tables["openness-by-country"]
    published = table[table["lens"] == "publisher"]
    assert (published.loc[published["country"] == "DE", "other_share"] == 1).all()
    assert (published.loc[published["country"] == "GB", "restricted_share"] == 1).all()


# References


def release(name: str, month: str, weights: str, country: str = "US") -> references.FrontierRelease:
    return references.FrontierRelease.model_validate(
        {
            "lab": "Lab",
            "organisation": "Lab",
            "country": country,
            "release": name,
            "date": month,
            "weights": weights,
            "source_url": "https://example.org/",
            "note": "",
        }
    )


def test_the_running_number() -> None:
    given = (
        release("c", "2025-02", "open"),
        release("a", "2023-12", "open"),
        release("b", "2024-01", "open"),
        release("d", "2025-02", "closed"),
        release("e", "2025-02", "open", "CN"),
    )
    frame = frontier_releases.register(given).to_pandas()
    assert dict(zip(frame["release"], frame["number"], strict=True)) == {"a": 0, "b": 1, "c": 2, "d": 1, "e": 1}
    assert frontier_releases.register(()).to_pandas().empty


def test_the_register_of_releases() -> None:
    listed = references.frontier_releases()
    assert len({(item.lab, item.release) for item in listed}) == len(listed) >= 45
    seats: dict[str, set[str]] = {}
    for item in listed:
        seats.setdefault(item.organisation, set()).add(item.country)
    assert all(len(countries) == 1 for countries in seats.values())
    assert {item.weights for item in listed if item.organisation == "OpenAI"} == {"open", "closed"}
    assert len({item.source_url for item in listed}) == len(listed)


def test_the_study_s_figures() -> None:
    figures = references.disclosure_figures()
    disclosed = [figure.value for figure in figures if figure.measure == "disclosed"]
    assert disclosed == [0.793, 0.585, 0.535, 0.398]
    for year in {figure.year for figure in figures}:
        assert sum(figure.value for figure in figures if figure.year == year) <= 1


def test_a_damaged_register(tmp_path: Path) -> None:
    path = tmp_path / "releases.csv"
    path.write_text("study,year,measure,value,denominator,source_url\ns,2023,disclosed,1.5,d,https://a.org/\n")
    with pytest.raises(ReportError, match="line 2, field value"):
        list(checked_rows.read(path, references.DisclosureFigure))


# Sentences


@pytest.fixture(scope="module")
def edition(open_flows: Callable[..., Flows]) -> Results:
    """An edition whose tables the sentences' tests replace by their own."""
    chosen = {name: metric for name, metric in metrics.discover().items() if name in MINE}
    return results.compute(open_flows({DAY: [row("Qwen/a")]}), chosen, [manifest(DAY)])


def saying(edition: Results, metric: str, *rows: dict[str, Any], basis: str = "snapshot-30-day") -> FactBook:
    """A book whose table of a metric holds the given rows of one window."""
    columns = edition.metrics[metric].columns
    window: dict[str, Any] = {"as_of": DAY, "lens": "publisher", "window_months": 1, "basis": basis, "models": 7}
    frame = pd.DataFrame([{**dict.fromkeys(columns), **window, **given} for given in rows])[list(columns)]
    frame["window_months"] = frame["window_months"].astype("Int64")
    floats = [name for name in columns if name.endswith("share")]
    frame[floats] = frame[floats].astype(float)
    return FactBook(replace(edition, tables={**edition.tables, metric: frame}))


def trait(edition: Results, name: str, shares: dict[str, float | None]) -> FactBook:
    rows = ({"trait": name, "value": value, "share": share, "models_share": 0.5} for value, share in shares.items())
    return saying(edition, "openness", *rows)


@pytest.mark.parametrize(
    ("shares", "condition"),
    [
        ({"open-source": 0.4, "restricted": 0.2, "other": 0.3, "none": 0.1}, "known"),
        ({"open-source": 0.4, "other": 0.3, "none": 0.3}, "unclear"),
        ({"none": 1.0}, "unclear"),
        ({"open-source": None}, "no-data"),
    ],
)
def test_licences(edition: Results, shares: dict[str, float | None], condition: str) -> None:
    finding = findings.licences(trait(edition, "licence-class", shares))
    assert finding.condition == condition
    text = finding.text.striptags()
    for share in shares.values():
        assert share is None or f"{share:.1%}" in text
    assert ("cannot be told" in text) == (condition == "unclear")


@pytest.mark.parametrize(
    ("shares", "condition", "words"),
    [
        ({"no": 0.7, "manual": 0.3}, "known", "form for none of these downloads"),
        ({"no": 0.7, "manual": 0.3}, "known", "approval for 30.0%."),
        ({"auto": 0.2, "unknown": 0.8}, "known", "For 80.0% the data do not tell."),
        ({"unknown": 1.0}, "unknown", "do not tell which models are gated"),
        ({"no": None}, "no-data", "no downloads"),
    ],
)
def test_gates(edition: Results, shares: dict[str, float | None], condition: str, words: str) -> None:
    finding = findings.gates(trait(edition, "gate", shares))
    assert finding.condition == condition
    assert words in finding.text.striptags()


@pytest.mark.parametrize(
    ("shares", "condition", "words"),
    [
        ({"disclosed": 0.25, "undisclosed": 0.75}, "known", "took 25.0% of"),
        ({"disclosed": 0.25, "undisclosed": 0.75}, "known", "they are 50.0% of"),
        ({"undisclosed": 1.0}, "known", "took none of"),
        ({"unknown": 1.0}, "unknown", "hold no tags"),
        ({"undisclosed": None}, "no-data", "no downloads"),
    ],
)
def test_disclosure_sentence(edition: Results, shares: dict[str, float | None], condition: str, words: str) -> None:
    finding = findings.disclosure(trait(edition, "disclosure", shares))
    assert finding.condition == condition
    assert words in finding.text.striptags()


@pytest.mark.parametrize(
    ("old", "new", "condition", "words"),
    [
        (0.6, 0.1, "falling", "it is less, 10.0%"),
        (0.1, 0.6, "rising", "it is more, 60.0%"),
        (0.1, 0.104, "level", "it is about as much, 10.4%"),
        (None, 0.1, "one-year", "no other year"),
        (None, None, "no-data", "do not tell"),
    ],
)
def test_by_year(edition: Results, old: float | None, new: float | None, condition: str, words: str) -> None:
    years = {"2023": old, "2026": new, "unknown": 0.9}
    rows = [{"year": year, "disclosed_share": share} for year, share in years.items()]
    finding = findings.by_year(saying(edition, "openness-by-year", *rows, basis="all-time"))
    assert finding.condition == condition
    assert words in finding.text.striptags()
    assert "90.0%" not in finding.text


@pytest.mark.parametrize(
    ("china", "america", "condition", "words"),
    [
        ((0.9, 0.0), (0.5, 0.0), "lead", "against 50.0% of those from the United States"),
        ((0.5, 0.0), (0.9, 0.0), "reversed", "new models from the United States"),
        ((0.9, 0.0), (0.5, 0.41), "lead-within-bounds", "classed (41.0% of the downloads)"),
        ((0.9, 0.1), (0.5, 0.39), "lead", "against 50.0%"),
        ((0.5, 0.41), (0.9, 0.0), "reversed-within-bounds", "could turn this"),
        ((0.9, 0.0), (0.9, 0.1), "tie", "about as much as of those from the United States (90.0%)"),
        ((0.9, 0.0), None, "one-sided", "new models from the United States have no downloads"),
        (None, None, "no-data", "no downloads of new models"),
    ],
)
def test_two_countries(
    edition: Results,
    china: tuple[float, float] | None,
    america: tuple[float, float] | None,
    condition: str,
    words: str,
) -> None:
    """Of each country the shares of open source and of licences that no class is known for."""
    rows = [
        {"country": country, "open_source_share": shares[0], "other_share": shares[1], "none_share": 0.0}
        if shares
        else {"country": country}
        for country, shares in (("CN", china), ("US", america), ("unattributed", (1.0, 0.0)))
    ]
    finding = findings.two_countries(saying(edition, "openness-by-country", *rows))
    assert finding.condition == condition
    assert words in finding.text.striptags()


def test_strategies(edition: Results) -> None:
    finding = findings.strategies(FactBook(edition))
    assert finding.condition == "counted"
    since = [item for item in references.frontier_releases() if item.date >= "2024-01"]
    for country, name in (("US", "the United States"), ("CN", "China")):
        kinds = [item.weights for item in since if item.country == country]
        expected = f"for {name} {kinds.count('open')} with open weights and {kinds.count('closed')} without"
        assert expected in finding.text.striptags()
    none = edition.tables["frontier-releases"].assign(number=0)
    emptied = replace(edition, tables={**edition.tables, "frontier-releases": none})
    assert findings.strategies(FactBook(emptied)).condition == "no-data"


# Page


def test_the_chapter_in_every_edition(book: Callable[..., FactBook], demo_results: Results) -> None:
    given = context(FactBook(demo_results))
    figures = [*given["licence_figures"], *given["country_figures"], *given["data_figures"]]
    assert [figure.id for figure in figures] == [
        "licences", "licences-publisher", "licences-origin", "data-by-year",
    ]  # fmt: skip
    for figure in figures:
        for width in (760, 330):
            assert "currentColor" in str(themed(figure.draw(width)))
        assert "nan" not in figure.description and not figure.table.empty
    assert "Unattributed" in figures[1].table["Country"].tolist()
    assert [period for period, *_ in given["study"]["rows"]] == ["to 2022", "2023", "2024", "2025"]
    nothing = context(book(row("Qwen/a", 0, created_at=OLD, tags=None)))
    assert not [*nothing["licence_figures"], *nothing["country_figures"], *nothing["data_figures"]]
    assert {item.condition for item in (*nothing["licence_findings"], *nothing["country_findings"])} == {"no-data"}


def test_every_number_in_a_sentence_is_a_fact(demo_results: Results) -> None:
    facts = FactBook(demo_results)
    given = context(facts)
    said = [*given["licence_findings"], *given["country_findings"], *given["data_findings"], given["strategies"]]
    texts = {fact["text"] for fact in facts.as_json()["facts"]}
    for finding in said:
        marked = [part.split("</data>")[0].split(">")[-1] for part in str(finding.text).split("<data ")[1:]]
        assert marked and set(marked) <= texts
        rest = finding.text
        for text in marked:
            rest = rest.replace(f">{text}</data>", "></data>")
        assert "%" not in rest.striptags()


# The real file


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    folder = tmp_path_factory.mktemp("real-openness")
    for snapshot in files.load(MODELS, as_of=MAY):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    chosen = {name: metric for name, metric in metrics.discover().items() if name in MINE}
    yield results.compute(flows.build(data, attribute(data)), chosen, [entry.manifest for entry in entries])


@pytest.mark.real_data
@pytest.mark.skipif(not MODELS.exists(), reason=f"{DATA} has no real data")
def test_the_real_file_in_plain_sql(real: Results) -> None:
    connection = duckdb.connect()
    connection.execute(
        f"""
        create table m as select downloads, downloadsAllTime as ever,
            len(list_filter(tags, lambda x: starts_with(x, 'dataset:'))) > 0 as disclosed,
            substr(list_filter(tags, lambda x: starts_with(x, 'license:'))[1], 9) as licence,
            nullif(createdAt::date, date '2022-03-02') as born
        from '{MODELS}'
        """
    )
    classes = connection.execute(
        f"""
        select coalesce(class, case when licence is null then 'none' else 'other' end), sum(downloads)::bigint, count(*)
        from m left join read_csv('{licences.LICENCES}', all_varchar = true) as t using (licence)
        where born > date '{MAY}' - 365 group by 1
        """
    ).fetchall()
    table = real.tables["openness"]
    found = table[(table["trait"] == "licence-class") & (table["basis"] == "snapshot-30-day")]
    assert set(found[["value", "downloads", "models"]].itertuples(index=False, name=None)) == set(classes)
    years = connection.execute(
        """
        select coalesce(year(born)::varchar, 'unknown'), sum(ever)::bigint, count(*),
               sum(ever) filter (disclosed) / sum(ever)
        from m where ever is not null group by 1 order by 1
        """
    ).fetchall()
    by_year = real.tables["openness-by-year"]
    ever = by_year[by_year["basis"] == "all-time"][["year", "downloads", "models", "disclosed_share"]]
    for mine, theirs in zip(ever.itertuples(index=False, name=None), years, strict=True):
        assert mine == (*theirs[:3], pytest.approx(theirs[3]))


@pytest.mark.real_data
@pytest.mark.skipif(not MODELS.exists(), reason=f"{DATA} has no real data")
def test_the_real_file_as_last_looked_at(real: Results) -> None:
    """A change of licences.csv or of the registry that moves these has to be seen, and the figures changed with it."""
    assert of_trait(real, "licence-class")["open-source"] == pytest.approx(0.8852, abs=0.0002)
    assert of_trait(real, "gate") == {"unknown": 1.0}
    assert of_trait(real, "disclosure")["disclosed"] == pytest.approx(0.0136, abs=0.0002)
    table = real.tables["openness-by-country"]
    chosen = table[(table["lens"] == "publisher") & (table["basis"] == "counter-difference")].set_index("country")
    assert chosen.loc["CN", "open_source_share"] == pytest.approx(0.9240, abs=0.0002)
    assert chosen.loc["US", "open_source_share"] == pytest.approx(0.8302, abs=0.0002)
    assert findings.gates(FactBook(real)).condition == "unknown"
