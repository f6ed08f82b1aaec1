"""An edition's name, address and citation, in words and for machines."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from generator.edition import Edition, bibtex, citation, citation_cff, edition_of, head, schema_org

EDITION = Edition("2026-05", "2026-05-20", "CC-BY-4.0", "Open Model Report", "https://example.org/omr/")
HOSTILE = replace(EDITION, publisher='A "B" & {C}\\ </script><b>: #1')
INDEX = {
    "edition": EDITION.as_json(),
    "metrics": [
        {"id": "overtake", "title": "Margin </script>", "csv": "o.csv", "json": "o.json", "parquet": "o.parquet"}
    ],
}


@pytest.mark.parametrize("address", ["https://example.org/omr", "https://example.org/omr/"])
def test_an_edition_is_the_month_of_its_report_date_and_its_address_stays(address: str) -> None:
    edition = edition_of(date(2026, 5, 20), "CC-BY-4.0", "Open Model Report", address, simulated=False)
    assert edition == EDITION
    assert edition.url_of("report/data/") == "https://example.org/omr/2026-05/report/data/"
    assert edition_of(date(2026, 5, 20), "CC-BY-4.0", "X", "", simulated=False).url == ""


def test_a_citation_names_what_date_where_and_licence() -> None:
    assert citation(EDITION, "report/countries/") == (
        "Open Model Report, edition 2026-05: who builds the open AI models that the world uses. Data as of "
        "2026-05-20. https://example.org/omr/2026-05/report/countries/ Licence: CC-BY-4.0."
    )
    assert "SIMULATED" in citation(replace(EDITION, simulated=True))
    assert citation(replace(EDITION, publisher="A fork")).startswith("A fork: Open Model Report")


@pytest.mark.parametrize("edition", [EDITION, HOSTILE, replace(EDITION, address="", simulated=True)])
def test_the_citation_file_is_valid(edition: Edition, tmp_path: Path) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(citation_cff(edition), encoding="utf-8")
    schema = ["--builtin-schema", "vendor.citation-file-format", "--default-filetype", "yaml"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(path)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_bibtex_keeps_its_braces_balanced_whatever_the_name() -> None:
    entry = bibtex(HOSTILE)
    bare = re.sub(r"\\.", "", entry)
    assert bare.count("{") == bare.count("}") and re.match(r"@misc\{open-model-report-2026-05,\n", entry)
    assert r"A \"B\"".replace("\\", "") in entry and r"\& \{C\}/" in entry
    assert "url = {https://example.org/omr/2026-05/}" in bibtex(EDITION)


class Tags(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data += data


def test_the_head_of_a_page_describes_it_and_nothing_breaks_out() -> None:
    for page, described in (("", True), ("report/data/", True), ("report/countries/", False)):
        seen = Tags(str(head(INDEX | {"edition": HOSTILE.as_json()}, 'T "<i>" title', page)))
        meta = {str(given["name"]): given["content"] for tag, given in seen.found if tag == "meta"}
        assert meta["DC.title"] == 'T "<i>" title' and meta["DC.publisher"] == HOSTILE.publisher
        assert meta["DC.identifier"] == f"https://example.org/omr/2026-05/{page}"
        others = ["link", "script"] if described else ["link"]
        assert [tag for tag, _ in seen.found if tag != "meta"] == others
        if described:
            linked = json.loads(seen.data)
            assert linked["@type"] == "Dataset" and linked["creator"]["name"] == HOSTILE.publisher
            assert linked["variableMeasured"] == ["Margin </script>"]


def test_the_data_set_lists_every_file_under_its_permanent_address() -> None:
    described = schema_org(EDITION, INDEX)
    assert 50 <= len(described["description"]) <= 5000, "what search engines for data sets ask for"
    assert [item["contentUrl"] for item in described["distribution"]] == [
        f"https://example.org/omr/2026-05/data/o.{kind}" for kind in ("csv", "json", "parquet")
    ]
    assert described["license"] == "https://spdx.org/licenses/CC-BY-4.0" and described["version"] == "2026-05"
