"""Active organisations: who counts, on the simulated Hub, in every condition of every sentence, on the real file."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from samples import DATA, DAY, model, needs_real

from generator import archive, charts, dataset, engines, flows, metrics, results
from generator.archive import Manifest
from generator.attribution import attribute
from generator.attribution.registry import REGISTRY, Organisation
from generator.chapters import institutions as chapter
from generator.charts.institutions import COUNTRIES, active_by_country, active_over_time
from generator.facts import FactBook
from generator.findings.institutions import active_countries, active_organisations, independent_institutes, renewal
from generator.flows import Flows
from generator.metrics.institutions import active_publishers
from generator.metrics.institutions_by_sector import GROUPS
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources import files
from generator.sources.demo import developers

REAL = "hub_models_2026-05.parquet"
NAMES = ("institutions", "institutions-by-sector", "series-quality")
YEAR_BEFORE = date(2025, 5, 20)
NEW = datetime(2026, 2, 1)
REGISTRY_ROWS = {
    "qwen": ("CN", {}),
    "moonshot": ("CN", {}),
    "google": ("US", {}),
    "meta": ("US", {}),
    "ai2": ("US", {"sector": "non-profit"}),
    "epfl": ("CH", {"sector": "academia"}),
    "tii": ("AE", {"sector": "government"}),
    "bloom": ("XX", {"sector": "community"}),
    "alice": ("XX", {"sector": "individual"}),
    "packer": ("US", {"role": "intermediary"}),
}


def used(name: str, downloads: int | None = 5000, created: datetime = NEW, **fields: Any) -> dict[str, Any]:
    """A new model that makes its publisher active."""
    # Another model for another day, since a creation date is the earliest that any snapshot gives.
    own = f"{created:%Y%m%d}{fields.pop('n', '')}"
    return model(f"{name}/{own}", created_at=created, downloads_all_time=downloads, **fields)


def manifest(as_of: date, **other: Any) -> Manifest:
    usual: dict[str, Any] = {
        "schema_version": 1,
        "generator_version": "0",
        "as_of": as_of,
        "kind": "hub",
        "detail": "models",
        "retrieved_at": datetime(2026, 6, 1, tzinfo=UTC),
        "simulated": False,
        "rows": 4,
        "bytes": 1,
        "sha256": "0",
        "coverage": {},
        "skipped": {},
    }
    return Manifest.model_validate(usual | other)


Book = Callable[..., FactBook]


@pytest.fixture
def book(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Book:
    """Facts of archived rows: ``book(rows)`` of one date, or of several by date."""
    registry = [organisation(name, country, **other) for name, (country, other) in REGISTRY_ROWS.items()]

    def made(rows: Any, **about: Any) -> FactBook:
        dated = rows if isinstance(rows, dict) else {DAY: rows}
        chosen = {name: metric for name, metric in metrics.discover().items() if name in NAMES}
        computed = results.compute(open_flows(dated, registry), chosen, [manifest(day, **about) for day in dated])
        return FactBook(computed)

    return made


def cells(book: FactBook, as_of: date = DAY) -> dict[tuple[str, str], int]:
    table = book.results.tables["institutions"]
    rows = table[table.as_of == as_of]
    return {(str(row["country"]), str(row["sector"])): int(row["active"]) for _, row in rows.iterrows()}


def group(book: FactBook, sector: str, as_of: date = DAY) -> pd.Series:
    table = book.results.tables["institutions-by-sector"]
    rows = table[(table.as_of == as_of) & (table.sector == sector)]
    assert len(rows) == 1
    return rows.iloc[0]


# The definition


def test_who_is_active(book: Book) -> None:
    found = cells(
        book(
            [
                used("qwen", 1000),
                used("qwen", 900_000, n="2"),
                used("moonshot", 999, downloads_30d=50_000),
                used("moonshot", 600, n="2"),
                used("google", None, downloads_30d=1000),
                used("meta", None, downloads_30d=999),
                used("ai2", created=datetime.combine(DAY - timedelta(days=364), datetime.min.time())),
                used("epfl", created=datetime.combine(DAY - timedelta(days=365), datetime.min.time())),
                used("packer"),
                used("nobody"),
                used("NoBody2", 10),
                model("lonely", author=None, created_at=NEW, downloads_all_time=2000),
                model("alice/undated", downloads_all_time=9_000_000),
            ]
        )
    )
    # One model short of the threshold is not made up for by another count, nor two small ones by their sum.
    assert found == {
        ("CN", "company"): 1,
        ("US", "company"): 1,
        ("US", "non-profit"): 1,
        ("unattributed", "unattributed"): 2,
    }


def test_a_namespace_is_not_an_organisation_of_the_same_name(
    open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]
) -> None:
    registry = [
        organisation("qwen", "CN", organisation="Alibaba"),
        organisation("gte", "SG", organisation="Alibaba"),
    ]
    made = open_flows({DAY: [used("qwen"), used("gte"), used("Alibaba")]}, registry)
    rows = active_publishers(made).to_pandas()
    # Listed in two countries and once not at all: one organisation and one namespace.
    assert sorted(zip(rows.organisation, rows.listed, rows.country, strict=True)) == [
        ("Alibaba", False, "unattributed"),
        ("Alibaba", True, "CN"),
    ]


def test_monthly_counts_stand_in_for_a_counter(book: Book) -> None:
    """Twelve months of 100 downloads make 1,200; a counter, where there is one, goes first."""
    days = [(pd.Timestamp("2025-06-30") + pd.offsets.MonthEnd(month)).date() for month in range(12)]
    born = datetime(2025, 6, 15)
    rows = {
        day: [
            used("qwen", None, created=born, downloads_30d=100),
            used("google", 900 - (days[-1] - day).days, created=born, downloads_30d=400),
            used("meta", None, created=born, downloads_30d=80),
        ]
        for day in days
    }
    assert cells(book(rows), days[-1]) == {("CN", "company"): 1}


def test_entrants_and_exits(book: Book) -> None:
    old = datetime(2025, 1, 1)
    facts = book(
        {
            YEAR_BEFORE: [used(name, created=old) for name in ("qwen", "ai2", "epfl", "gone")],
            DAY: [used(name) for name in ("qwen", "google", "nobody")],
        }
    )
    table = facts.results.tables["institutions"]
    assert table[table.as_of == YEAR_BEFORE].entrants.isna().all()
    assert table[table.as_of == YEAR_BEFORE].exits.isna().all()
    now = table[table.as_of == DAY].set_index(["country", "sector"])
    columns = ["active", "entrants", "exits", "country_active"]
    assert {key: tuple(row) for key, row in zip(now.index, now[columns].astype(int).to_numpy(), strict=True)} == {
        ("CN", "company"): (1, 0, 0, 1),
        ("US", "company"): (1, 1, 0, 1),
        ("US", "non-profit"): (0, 0, 1, 1),
        ("CH", "academia"): (0, 0, 1, 0),
        ("unattributed", "unattributed"): (1, 1, 1, 1),
    }
    everyone, institutes = group(facts, "all"), group(facts, "institute")
    assert (everyone.active, everyone.entrants, everyone.exits) == (2, 1, 2)
    assert (institutes.active, institutes.entrants, institutes.exits, institutes.share_of_active) == (0, 0, 2, 0)


def test_a_date_eleven_months_before_is_no_year_before(book: Book) -> None:
    rows = {DAY - timedelta(days=330): [used("qwen", created=datetime(2025, 1, 1))], DAY: [used("google")]}
    table = book(rows).results.tables["institutions"]
    assert table.entrants.isna().all() and table.exits.isna().all()


def test_shares_by_sector(book: Book) -> None:
    facts = book([used(name) for name in (*REGISTRY_ROWS, "nobody")])
    everyone = group(facts, "all")
    assert (everyone.active, everyone.countries, everyone.share_of_active) == (9, 4, 1)
    assert pd.isna(everyone.share_of_organised)
    assert group(facts, "not-company").share_of_active == pytest.approx(5 / 9)
    assert group(facts, "not-company-or-individual").share_of_organised == pytest.approx(4 / 8)
    assert group(facts, "institute").share_of_organised == pytest.approx(3 / 8)
    assert group(facts, "institute").countries == 3
    unlisted = group(facts, "unattributed")
    assert unlisted.active == 1 and pd.isna(unlisted.share_of_active) and pd.isna(unlisted["rank"])
    table = facts.results.tables["institutions"]
    assert table.share_of_active.sum() == pytest.approx(1)
    assert table[table.country.isin(["XX", "unattributed"])]["rank"].isna().all()
    assert table[table["rank"].notna()]["rank"].tolist() == list(range(1, 6))


# The simulated Hub


def test_the_demo_against_a_plain_recount(
    demo_results: Results, demo_snapshots: list[Snapshot], demo_flows: Flows
) -> None:
    """Counters of every snapshot by plain pandas; models that are gone by their last counter."""
    known = {item.namespace.lower(): item for item in developers()}
    seen: dict[str, tuple[pd.Timestamp, int]] = {}
    by_date: dict[date, set[tuple[str, str]]] = {}
    for shot in demo_snapshots:
        rows = shot.models.select(["model_id", "created_at", "downloads_all_time"]).to_pandas()
        for row in rows.itertuples():
            seen[row.model_id] = (row.created_at, row.downloads_all_time)
        active = set()
        for model_id, (born, downloads) in seen.items():
            namespace = model_id.split("/")[0]
            listed = known.get(namespace.lower())
            if listed is not None and listed.role == "intermediary":
                continue
            if pd.isna(born) or (shot.as_of - born.date()).days >= 365 or downloads < 1000:
                continue
            active.add((namespace, listed.country if listed else "unattributed"))
        by_date[shot.as_of] = active
    table = demo_results.tables["institutions"]
    dates = demo_results.report_dates
    for place, as_of in enumerate(dates):
        expected = pd.Series([country for _, country in by_date[as_of]]).value_counts().to_dict()
        found = table[table.as_of == as_of]
        assert found[found.active > 0].set_index("country").active.to_dict() == expected
        assert found.set_index("country").country_active.to_dict() == found.set_index("country").active.to_dict()
        if place >= 12:
            before = by_date[dates[place - 12]]
            assert found.entrants.sum() == len(by_date[as_of] - before)
            assert found.exits.sum() == len(before - by_date[as_of]) > 0
        else:
            assert found.entrants.isna().all()
    assert len(by_date[dates[-1]]) > 100


def test_sectors_add_up_to_their_groups_and_countries(demo_results: Results) -> None:
    by_sector = demo_results.tables["institutions-by-sector"]
    by_country = demo_results.tables["institutions"]
    for as_of, rows in by_sector.groupby("as_of"):
        active = rows.set_index("sector").active
        for name, sectors in GROUPS.items():
            if name in active:
                assert active[name] == sum(active.get(sector, 0) for sector in sectors)
        cells = by_country[by_country.as_of == as_of].groupby("sector").active.sum()
        assert cells.to_dict() == active.drop(list(GROUPS), errors="ignore").to_dict()


# The sentences


def stated(now: Sequence[str], before: Sequence[str] | None = None, kind: str = "hub") -> FactBook:
    """Facts of who is active now and was a year before, tabulated by plain Python."""

    def described(name: str) -> tuple[str, str]:
        country, other = REGISTRY_ROWS.get(name, ("unattributed", {"sector": "unattributed"}))
        return country, other.get("sector", "company")

    def counts(chosen: set[str]) -> dict[str, Any]:
        active, earlier = chosen & {*now}, chosen & {*(before or ())}
        return {
            "active": len(active),
            "entrants": None if before is None else len(active - earlier),
            "exits": None if before is None else len(earlier - active),
            "countries": len({described(name)[0] for name in active} - {"XX", "unattributed"}),
        }

    people = {*now, *(before or ())}
    listed = [name for name in now if name in REGISTRY_ROWS]
    organised = [name for name in listed if described(name)[1] != "individual"]
    countries = []
    for cell in sorted({described(name) for name in people}):
        in_country = sum(described(name)[0] == cell[0] for name in now)
        found = counts({name for name in people if described(name) == cell})
        countries.append({"country": cell[0], "sector": cell[1], **found, "country_active": in_country})
    groups = {sector: (sector,) for _, sector in {described(name) for name in people}} | GROUPS
    sectors = []
    for sector, members in groups.items():
        found = counts({name for name in people if described(name)[1] in members})
        if found["active"] or found["exits"]:
            whole = None if sector == "unattributed" else len(listed) or None
            part = "individual" in members or sector == "unattributed" or not organised
            sectors.append(
                {
                    "level": "group" if sector in GROUPS else "sector",
                    "sector": sector,
                    **found,
                    "share_of_active": found["active"] / whole if whole else None,
                    "share_of_organised": None if part else found["active"] / len(organised),
                }
            )
    chosen = {name: metric for name, metric in metrics.discover().items() if name in NAMES}
    tables = {}
    for name, rows in (("institutions", countries), ("institutions-by-sector", sectors)):
        tables[name] = pd.DataFrame([{"as_of": DAY, **row} for row in rows]).reindex(columns=chosen[name].columns)
    source = results.source_note([manifest(DAY, kind=kind)])
    return FactBook(Results(chosen, tables, (DAY,), pd.DataFrame(), None, source))


def test_the_metric_against_plain_counts(book: Book) -> None:
    """Everything but ranks, of a year in which each kind came, stayed or went."""
    now, before = (
        ["qwen", "google", "ai2", "bloom", "alice", "nobody"],
        ["qwen", "meta", "epfl", "tii", "alice", "gone"],
    )
    old = datetime(2025, 1, 1)
    found = book({YEAR_BEFORE: [used(name, created=old) for name in before], DAY: [used(name) for name in now]}).results
    expected = stated(now, before).results
    for name, keys, columns in (
        ("institutions", ["country", "sector"], ["active", "entrants", "exits", "country_active"]),
        (
            "institutions-by-sector",
            ["level", "sector"],
            ["active", "countries", "share_of_active", "share_of_organised", "entrants", "exits"],
        ),
    ):
        measured, counted = (
            table[table.as_of == DAY].set_index(keys)[columns].astype(float).sort_index()
            for table in (found.tables[name], expected.tables[name])
        )
        pd.testing.assert_frame_equal(measured, counted, atol=1e-9)


def said(finding: Callable[[FactBook], Any], book: FactBook, condition: str) -> str:
    found = finding(book)
    assert found.condition == condition
    return str(found.text.striptags())


def test_active_organisations_sentences() -> None:
    everyone = [name for name, (_, other) in REGISTRY_ROWS.items() if other.get("role") != "intermediary"]
    text = said(active_organisations, stated([*everyone, "nobody"]), "known")
    assert "9 organisations of the registry, from 4 countries, are active on 20 May 2026" in text
    assert "reached 1,000 downloads" in text and "55.6% are no companies; leaving individuals aside, 50.0%" in text
    assert "1 namespace outside the registry" in text and "selection" not in text
    assert "All of them are companies." in said(active_organisations, stated(["qwen", "meta"]), "known")
    alone = said(active_organisations, stated(["ai2"]), "known")
    assert "1 organisation of the registry, from 1 country, is active" in alone and "It is no company." in alone
    people = said(active_organisations, stated(["alice", "qwen"]), "known")
    assert "50.0% are no companies: all of these are individuals" in people and "from 1 country," in people
    assert "of the registry is active" in said(active_organisations, stated(["alice"]), "known")
    mixed = said(active_organisations, stated(["ai2", "qwen"]), "known")
    assert "Of them 50.0% are no companies." in mixed
    assert "2 namespaces" in said(active_organisations, stated(["a", "b"]), "unattributed-only")
    assert "%" not in said(active_organisations, stated([]), "no-data")
    assert "a selection of models" in said(active_organisations, stated(["qwen"], kind="file"), "known")


@pytest.mark.parametrize(
    ("names", "condition", "words"),
    [
        (["qwen", "moonshot", "google"], "lead", "China has more active organisations than the United States"),
        (["qwen", "google", "meta"], "reversed", "2 against 1"),
        (["qwen", "moonshot"], "lead", "2 against none"),
        (["qwen", "google", "a"], "tie", "1 each"),
        (["qwen", "a", "b"], "lead-within-bounds", "The 2 namespaces that nobody has attributed"),
        (["google", "a", "b"], "reversed-within-bounds", "not certain"),
        (["qwen", "a"], "lead", "1 against none"),
        (["epfl"], "no-data", "Neither China nor the United States"),
        ([], "no-data", "Neither"),
    ],
)
def test_china_against_the_united_states(names: Sequence[str], condition: str, words: str) -> None:
    assert words in said(active_countries, stated(names), condition)


@pytest.mark.parametrize(
    ("names", "condition", "words"),
    [
        (["qwen", "moonshot", "google", "meta", "ai2"], "thin", "1 institute (universities"),
        (["qwen", "google", "ai2", "epfl"], "not-thin", "no thin field: 2 institutes"),
        (["qwen", "ai2", "epfl"], "majority", "from 2 countries) are active beside 1 company, 66.7%"),
        (["ai2"], "majority", "beside no company"),
        (["qwen", "alice", "bloom"], "none", "is empty"),
        (["a"], "no-data", "no field"),
        ([], "no-data", "no field"),
    ],
)
def test_the_field_of_institutes(names: Sequence[str], condition: str, words: str) -> None:
    assert words in said(independent_institutes, stated(names), condition)
    if condition != "no-data":
        assert "no verdict" in said(independent_institutes, stated(names, kind="file"), condition)


def test_renewal_sentences() -> None:
    grown = said(renewal, stated(["qwen", "google", "ai2"], before=["qwen"]), "growing")
    assert "2 organisations are active that were not, and 0 are no longer" in grown
    assert "Among institutes, 1 came and 0 went." in grown
    shrunk = said(renewal, stated(["google"], before=["qwen", "google", "ai2"]), "shrinking")
    assert "0 organisations are active that were not, and 2 are no longer" in shrunk and "1 went." in shrunk
    swapped = said(renewal, stated(["google"], before=["qwen"]), "steady")
    assert "1 organisation is active that was not, and 1 is no longer." in swapped
    assert "none came, none went" in said(renewal, stated(["qwen"], before=["qwen"]), "steady")
    assert "history will grow" in said(renewal, stated(["qwen"]), "one-date")
    said(renewal, stated([]), "no-data")
    emptied = stated(["qwen-unlisted"], ["qwen"])
    assert "1 is no longer" in said(renewal, emptied, "shrinking")
    said(active_organisations, emptied, "unattributed-only")


def test_every_share_in_a_sentence_is_a_fact(demo_results: Results) -> None:
    facts = FactBook(demo_results)
    texts = [finding(facts).text for finding in (active_organisations, active_countries)]
    known = {fact["text"] for fact in facts.as_json()["facts"]}
    for text in texts:
        marked = [part.split("</data>")[0].split(">")[-1] for part in str(text).split("<data ")[1:]]
        assert marked and set(marked) <= known
        assert str(text).count("%") == sum(mark.count("%") for mark in marked)


# The charts and the page


def drawn(figure: charts.Figure, cache: Path) -> str:
    drawing = charts.render(figure, cache)
    for svg in (drawing.wide, drawing.narrow):
        assert "NaN" not in svg and "Infinity" not in svg and "<script" not in svg
    return str(drawing.wide + drawing.narrow)


def test_the_page_of_one_date_has_bars_and_no_line(book: Book, tmp_path: Path) -> None:
    made = chapter.context(book([used(name) for name in (*REGISTRY_ROWS, "nobody")]))
    assert [figure.id for figure in made["figures"]] == ["active-by-country"] and made["over_time"] == []
    figure = made["figures"][0]
    assert figure.table.Country.tolist()[0] == "United States" and "Unattributed namespaces" in set(
        figure.table.Country
    )
    assert figure.table.set_index("Country").All["United States"] == "3"
    assert "1 active namespace outside" in figure.key
    svg = drawn(figure, tmp_path)
    assert "Academia" in svg and "Institutes" in svg


def test_the_page_without_anybody(book: Book) -> None:
    made = chapter.context(book([used("qwen", 3), used("nobody")]))
    assert made["figures"] == [] and made["over_time"] == []
    assert len(made["findings"]) + len(made["institutes"]) == 4


def test_the_demo_has_lines(demo_results: Results, tmp_path: Path) -> None:
    made = chapter.context(FactBook(demo_results))
    assert [figure.id for figure in made["over_time"]] == ["active-sector-over-time", "active-country-over-time"]
    for figure in made["over_time"]:
        assert "China" in drawn(figure, tmp_path) or "Companies" in drawn(figure, tmp_path)
        assert len(figure.table) == len(demo_results.report_dates)


def test_countries_beyond_the_first_are_summed(tmp_path: Path) -> None:
    codes = ["US", "CN", "FR", "DE", "GB", "IT", "ES", "SE", "NO", "FI", "DK", "PL", "CZ", "AT", "CH", "JP"]
    rows = pd.DataFrame({"country": codes, "sector": "company", "active": range(16, 0, -1)})
    figure = active_by_country(rows.assign(as_of=DAY, country_active=rows.active), "x")
    assert len(figure.table) == COUNTRIES + 1
    assert figure.table.iloc[-1].tolist() == ["2 more", "3", "3"]
    assert "2 more" in drawn(figure, tmp_path)


def test_a_line_without_a_date_is_at_nought() -> None:
    days = [date(2026, month, 28) for month in (1, 2, 3)]
    rows = pd.DataFrame({"as_of": [*days, days[0], days[2]], "country": ["US"] * 3 + ["CN"] * 2, "active": 4})
    table = active_over_time(rows, "x", "country").table.set_index("Date")
    assert table.China.tolist() == ["4", "0", "4"] and table["United States"].tolist() == ["4", "4", "4"]


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
def test_real_organisations_in_plain_sql(real: Results) -> None:
    expected = duckdb.execute(
        f"""
        with used as (
            select split_part(id, '/', 1) as namespace from read_parquet('{DATA / REAL}')
            where nullif(createdAt::timestamp::date, date '2022-03-02') > date '{DAY}' - 365
              and coalesce(downloadsAllTime, downloads) >= 1000
        )
        select coalesce(country, 'unattributed') as country, coalesce(sector, 'unattributed') as sector,
               count(distinct coalesce(organisation, used.namespace)) as active
        from used left join read_csv('{REGISTRY}', all_varchar = true) as listed
        on lower(used.namespace) = lower(listed.namespace)
        where role is distinct from 'intermediary' group by all
        """
    ).fetchall()
    found = real.tables["institutions"]
    assert {(row.country, row.sector, row.active) for row in found.itertuples()} == set(expected)


@needs_real(REAL)
def test_the_real_figures(real: Results) -> None:
    """As they were when last looked at; a change of the registry that moves them has to be seen."""
    facts = FactBook(real)
    everyone = group(facts, "all")
    assert (everyone.active, everyone.countries) == (38, 8)
    assert group(facts, "not-company").share_of_active == pytest.approx(8 / 38)
    assert group(facts, "institute").active == 3
    assert "16 against 13" in said(active_countries, facts, "reversed")
    assert "8.3%" in said(independent_institutes, facts, "thin")
    assert "no verdict" in said(independent_institutes, facts, "thin")
    said(renewal, facts, "one-date")
