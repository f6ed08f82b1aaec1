"""The registry of organisations: every fault is one sentence, and time decides who held a namespace."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import get_args

import duckdb
import pandas as pd
import pytest
from samples import DATA, needs_real

from generator.attribution import attribute, families, registry
from generator.attribution.registry import Organisation
from generator.dataset import Dataset
from generator.errors import ReportError
from generator.sources import demo

REAL = "hub_models_2026-05.parquet"
HEADER = "namespace,organisation,country,sector,role,valid_from,evidence_url,note"
SOUND = "Qwen,Alibaba,CN,company,developer,,https://example.org/qwen,"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "organisations.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def test_a_sound_registry(tmp_path: Path) -> None:
    later = 'x-ai_1.5,"Ex, Ltd.",XX,non-profit,intermediary,2024-05-01,https://example.org/,"said ""so"""'
    first, second = registry.load(written(tmp_path, SOUND, later))
    assert (first.namespace, first.country, first.valid_from, first.note) == ("Qwen", "CN", None, "")
    assert (second.organisation, second.valid_from, second.note) == (
        "Ex, Ltd.",
        date(2024, 5, 1),
        'said "so"',
    )


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",Alibaba,CN,company,developer,,https://example.org/,", "namespace"),
        ("Qwen/Qwen3,Alibaba,CN,company,developer,,https://example.org/,", "namespace"),
        ("Qwen,,CN,company,developer,,https://example.org/,", "organisation"),
        ("Qwen,Alibaba,China,company,developer,,https://example.org/,", "country"),
        ("Qwen,Alibaba,cn,company,developer,,https://example.org/,", "country"),
        ("Qwen,Alibaba,,company,developer,,https://example.org/,", "country"),
        ("Qwen,Alibaba,CN,firm,developer,,https://example.org/,", "sector"),
        ("Qwen,Alibaba,CN,company,uploader,,https://example.org/,", "role"),
        ("Qwen,Alibaba,CN,company,developer,May 2024,https://example.org/,", "valid_from"),
        ("Qwen,Alibaba,CN,company,developer,2024-02-30,https://example.org/,", "valid_from"),
        ("Qwen,Alibaba,CN,company,developer,,http://example.org/,", "evidence_url"),
        ("Qwen,Alibaba,CN,company,developer,,,", "evidence_url"),
        ("Qwen,Alibaba,CN,company,developer,,https://example.org/", "note"),
    ],
)
def test_a_fault_is_named_by_file_line_and_field(tmp_path: Path, line: str, field: str) -> None:
    path = written(tmp_path, SOUND.replace("Qwen", "Other"), line, "also,,wrong,,,,,")
    with pytest.raises(ReportError) as error:
        registry.load(path)
    said = str(error.value)
    assert said.startswith(f"{path}, line 3, field {field}: ")
    assert "\n" not in said


def test_a_missing_and_a_surplus_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="line 2, field country"):
        registry.load(written(tmp_path, "Qwen,Alibaba", header="namespace,organisation"))
    with pytest.raises(ReportError, match="line 2, field colour"):
        registry.load(written(tmp_path, f"{SOUND},red", header=f"{HEADER},colour"))
    with pytest.raises(ReportError, match="line 2"):
        registry.load(written(tmp_path, f"{SOUND},one value too many"))


@pytest.mark.parametrize("second", [SOUND, SOUND.replace("Qwen", "QWEN")])
def test_duplicates_are_refused_whatever_their_case(tmp_path: Path, second: str) -> None:
    path = written(tmp_path, SOUND, second)
    with pytest.raises(ReportError, match="namespace 'qwen' is listed 2 times from the beginning") as error:
        registry.load(path)
    assert str(path) in str(error.value)


def test_duplicates_from_one_date_are_refused_and_from_two_are_not(tmp_path: Path) -> None:
    def dated(day: str) -> str:
        return f"Qwen,Alibaba,CN,company,developer,{day},https://example.org/,"

    with pytest.raises(ReportError, match="listed 2 times from 2024-05-01"):
        registry.load(written(tmp_path, SOUND, dated("2024-05-01"), dated("2024-05-01")))
    assert len(registry.load(written(tmp_path, SOUND, dated("2024-05-01"), dated("2025-05-01")))) == 3


def test_each_row_holds_until_the_next(organisation: Callable[..., Organisation]) -> None:
    listed = [
        organisation("x", "US", valid_from=date(2024, 5, 1)),
        organisation("y", "FR"),
        organisation("x", "GB"),
        organisation("x", "DE", valid_from=date(2025, 1, 1)),
    ]
    held = registry.frame(listed)
    found = [
        (row.namespace, row.country, str(row.valid_from)[:10], str(row.valid_until)[:10]) for row in held.itertuples()
    ]
    assert found == [
        ("x", "GB", "1970-01-01", "2024-05-01"),
        ("x", "US", "2024-05-01", "2025-01-01"),
        ("x", "DE", "2025-01-01", "2200-01-01"),
        ("y", "FR", "1970-01-01", "2200-01-01"),
    ]


def test_ownership_changes_on_the_day(
    open_dataset: Callable[..., Dataset], organisation: Callable[..., Organisation]
) -> None:
    """The publisher is who held the namespace when the model was made; the origin, when its root was."""
    sold = date(2024, 5, 1)
    known = [
        organisation("sold", "GB", organisation="Seller"),
        organisation("sold", "US", organisation="Buyer", valid_from=sold),
        organisation("late", "FR", organisation="Late", valid_from=sold),
    ]
    before, on = datetime(2024, 4, 30, 23, 59), datetime(2024, 5, 1)
    models = [
        {"model_id": "sold/before", "created_at": before},
        {"model_id": "sold/on", "created_at": on},
        {"model_id": "sold/undated"},
        {"model_id": "sold/floor", "created_at": datetime(2022, 3, 2, 23, 29, 4)},
        {"model_id": "late/before", "created_at": before},
        {"model_id": "late/on", "created_at": on},
        {"model_id": "user/on-before", "created_at": on, "base_models": ["sold/before"]},
        {"model_id": "user/on-on", "created_at": on, "base_models": ["sold/on"]},
        {"model_id": "user/on-floor", "created_at": on, "base_models": ["sold/floor"]},
        {"model_id": "user/on-gone", "created_at": on, "base_models": ["sold/gone"]},
        {"model_id": "user/early-on-gone", "created_at": before, "base_models": ["sold/gone"]},
    ]
    found = attribute(open_dataset({date(2026, 1, 31): models}), known).models.to_pandas()
    found = found.set_index("model_id")
    assert found.publisher_country[[row["model_id"] for row in models[:6]]].tolist() == [
        "GB", "US", "GB", "GB", "unattributed", "FR",
    ]  # fmt: skip
    assert found.publisher_organisation["sold/before"] == "Seller"
    assert found.origin_organisation[[row["model_id"] for row in models[6:]]].tolist() == [
        "Seller", "Buyer", "Seller", "Buyer", "Seller",
    ]  # fmt: skip


def test_the_published_registry_loads() -> None:
    listed = registry.load()
    held = registry.frame(listed)
    assert len(held) == len(listed) > 0
    assert (held.valid_from < held.valid_until).all()
    assert held.country.map(len).eq(2).all() and not pd.isna(held).any(axis=None)


def test_the_registry_knows_the_countries_that_matter() -> None:
    organisations = registry.load()
    assert len(organisations) >= 300
    countries = {item.country for item in organisations}
    assert countries >= {"CN", "US", "FR", "DE", "GB", "CH", "ES", "KR", "JP", "IN", "AE", "IL", "CA", "SG", "XX"}
    assert {item.sector for item in organisations} == set(get_args(registry.Sector))
    assert {item.role for item in organisations} == set(get_args(registry.Role))
    for item in organisations:
        assert item.note or item.country != registry.INTERNATIONAL, f"{item.namespace}: XX wants a note"


def test_an_organisation_has_one_name_and_one_country() -> None:
    organisations = registry.load()
    spellings: dict[str, set[str]] = {}
    homes: dict[str, set[str]] = {}
    for item in organisations:
        spellings.setdefault(item.organisation.lower(), set()).add(item.organisation)
        homes.setdefault(item.organisation, set()).add(item.country)
    assert [names for names in spellings.values() if len(names) > 1] == []
    assert [name for name, countries in homes.items() if len(countries) > 1] == []


def test_families_belong_to_organisations_of_the_registry() -> None:
    known = {item.organisation for item in registry.load()}
    with families.RULES.open(encoding="utf-8", newline="") as file:
        assert [row["family"] for row in csv.DictReader(file) if row["organisation"] not in known] == []


def test_the_simulated_developers_live_where_the_registry_says() -> None:
    known = {item.namespace: item for item in registry.load()}
    for developer in demo.developers():
        item = known[developer.namespace]
        assert (item.country, item.role) == (developer.country, developer.role), developer.namespace


@pytest.mark.real_data
@needs_real(REAL)
def test_the_registry_covers_the_real_downloads() -> None:
    known = {item.namespace for item in registry.load()}
    with duckdb.connect() as connection:
        downloads = connection.execute(
            "select split_part(id, '/', 1), sum(downloads) from read_parquet(?) group by 1", [str(DATA / REAL)]
        ).fetchall()
    total = sum(count for _, count in downloads)
    covered = sum(count for namespace, count in downloads if namespace in known)
    assert covered / total >= 0.97


def test_a_registry_without_rows_or_not_in_utf_8(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="lists no organisation"):
        registry.load(written(tmp_path))
    path = tmp_path / "organisations.csv"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="UTF-8"):
        registry.load(path)
