"""The checks before publication: a sound site passes, and each planted fault is named in one sentence."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from generator.build import Project
from generator.check import check
from generator.cli import main
from generator.errors import ReportError
from generator.settings import Acknowledgement, Settings

SHARES = "all-downloads-share-by-country"
COLUMNS = ("as_of", "lens", "window_months", "window_start", "basis", "rank", "country", "downloads", "share", "lower")
BARS = '<g class="mark-rect role-mark marks"><path d="M0,0h9v9h-9Z"/></g>'
FIGURE = (
    '<figure id="figure-shares"><div><svg><g><g class="mark-group role-frame root"><path class="background"/>'
    f"{BARS}</g></g></svg></div><table><tr><th>China</th></tr><tr><td>60%</td></tr></table></figure>"
)
HOME = (
    '<a href="report/countries/#shares">Countries</a><a href="https://elsewhere.org/x">x</a>'
    '<p>China has <data class="fact" data-fact="1" value="0.6">60.0%</data>.</p>'
)
CHAPTER = f'<h2 id="shares">Shares</h2><a href="../../data/{SHARES}.json">table</a>{FIGURE}'


def rows(china: float = 0.6, before: float = 0.55, unattributed: float = 0.1) -> list[dict[str, Any]]:
    return [
        dict(
            zip(
                COLUMNS,
                (day, "publisher", 12, "2025-05-31", "counter-difference", rank, country, 10, share, share),
                strict=True,
            )
        )
        | {"upper": share}
        for day, lead in (("2026-04-30", before), ("2026-05-31", china))
        for rank, country, share in (
            (1, "CN", lead),
            (2, "US", 1 - lead - unattributed),
            (None, "unattributed", unattributed),
        )
    ]


Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """A site of two pages and one table; what is named is put in another's place."""

    def make(
        table: list[dict[str, Any]] | None = None,
        facts: list[dict[str, Any]] | None = None,
        simulated: bool = False,
        home: str = HOME,
        chapter: str = CHAPTER,
    ) -> Path:
        site = tmp_path / "site"
        names = (
            SHARES,
            "new-model-share-by-country",
            "all-downloads-share-by-sector",
            "top-developers",
            "top-families",
        )
        row = {"as_of": "2026-05-31", "country": "CN"}
        known = [{"id": "1", "metric": SHARES, "column": "share", "row": row, "value": 0.6, "text": "60.0%"}]
        (site / "data").mkdir(parents=True)
        (site / "report" / "countries").mkdir(parents=True)
        for name in names:
            given = (table or rows()) if name == SHARES else []
            columns = dict.fromkeys((*COLUMNS, "upper"), "")
            (site / "data" / f"{name}.json").write_text(json.dumps({"columns": columns, "rows": given}), "utf-8")
        index = {
            "as_of": "2026-05-31",
            "simulated": simulated,
            "edition": {"address": ""},
            "metrics": [{"id": name, "json": f"{name}.json"} for name in names],
        }
        (site / "data" / "index.json").write_text(json.dumps(index), "utf-8")
        (site / "data" / "facts.json").write_text(json.dumps({"facts": known if facts is None else facts}), "utf-8")
        (site / "index.html").write_text(home, "utf-8")
        (site / "report" / "countries" / "index.html").write_text(chapter, "utf-8")
        (site / "404.html").write_text('<a href="/anywhere/">x</a>', "utf-8")
        return site

    return make


def test_a_sound_site_has_no_fault(made: Make) -> None:
    assert check(made(), Settings()) == []


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            {"table": [row | {"share": row["share"] * 0.9} for row in rows()], "facts": [], "home": ""},
            "sum to 0.900000, not to 1",
        ),
        ({"table": rows(unattributed=0.55, china=0.4, before=0.4), "facts": [], "home": ""}, "known for 45.0%"),
        ({"table": rows(before=0.45)}, "CN moved from 45.0% on 2026-04-30 to 60.0% on 2026-05-31"),
        ({"home": HOME.replace("report/countries/#", "report/nowhere/#")}, "leads to no file of the site"),
        ({"home": HOME.replace("#shares", "#elsewhere")}, "leads to no place in report/countries/index.html"),
        ({"home": HOME.replace('data-fact="1"', 'data-fact="2"')}, "60.0% is not in facts.json (fact 2)"),
        ({"home": HOME.replace(">60.0%<", ">61.0%<")}, "61.0% is not in facts.json (fact 1)"),
        ({"home": HOME.replace('value="0.6"', 'value="0.61"')}, "60.0% is not in facts.json (fact 1)"),
        ({"chapter": CHAPTER.replace(BARS, BARS[: BARS.index("<path")] + "</g>")}, "the chart shares is empty"),
        ({"chapter": CHAPTER.replace("<tr><td>60%</td></tr>", "")}, "the table of the chart shares has no row"),
        ({"simulated": True}, "The data are simulated"),
    ],
)
def test_each_planted_fault_is_one_sentence(made: Make, planted: dict[str, Any], said: str) -> None:
    found = check(made(**planted), Settings())
    assert any(said in fault for fault in found), found
    assert all(fault.endswith(".") and "\n" not in fault for fault in found)
    # A share that moves takes another country's with it; all else is one fault, one sentence.
    assert len({fault.split(":")[0] for fault in found}) == 1, found


def test_a_fact_that_is_in_no_table_is_a_fault(made: Make) -> None:
    fact = {"id": "1", "metric": SHARES, "column": "share", "row": {"country": "FR"}, "value": 0.6, "text": "60.0%"}
    assert check(made(facts=[fact]), Settings()) == [f"facts.json: fact 1 (60.0%) is in no row of {SHARES}."]


def test_a_jump_that_somebody_has_explained_is_none(made: Make) -> None:
    site = made(table=rows(before=0.45))
    explained = [
        Acknowledgement(table=SHARES, as_of=date(2026, 5, 31), name=name, reason="seen") for name in ("CN", "US")
    ]
    assert check(site, Settings(acknowledged=tuple(explained))) == []
    assert len(check(site, Settings(acknowledged=tuple(explained[:1])))) == 1
    assert check(site, Settings(jump=0.2)) == []


def test_the_line_that_a_jump_asks_for_is_the_one_that_settles_it(made: Make, tmp_path: Path) -> None:
    made(table=rows(before=0.45))
    settings = tmp_path / "report.toml"
    settings.write_text("", "utf-8")
    first = CliRunner().invoke(main, ["--settings", str(settings), "check"])
    asked = [
        line[line.index("{ table") : line.index(" to `ack")] for line in first.stderr.splitlines() if "{ table" in line
    ]
    assert first.exit_code == 1 and len(asked) == 2
    settings.write_text(f"acknowledged = [{', '.join(asked)}]", "utf-8")
    assert CliRunner().invoke(main, ["--settings", str(settings), "check"]).exit_code == 0


def test_the_command_says_each_fault_and_fails(made: Make, tmp_path: Path) -> None:
    made(simulated=True)
    (tmp_path / "report.toml").write_text("", "utf-8")
    command = ["--settings", str(tmp_path / "report.toml"), "check"]
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1 and refused.stderr.splitlines()[0].startswith("The data are simulated")
    assert CliRunner().invoke(main, [*command, "--simulated"]).exit_code == 0


def test_no_site_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="is no finished site of this report"):
        check(tmp_path, Settings())


@pytest.mark.site
def test_the_demo_s_site_has_no_fault_but_being_simulated(site: Project) -> None:
    found = check(site.site, Settings(jump=1.0, coverage=0.0))
    assert len(found) == 1 and found[0].startswith("The data are simulated")
