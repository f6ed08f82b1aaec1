"""From verdicts to figures, and the golden figures of SpeechMap's real verdicts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples import DATA, needs_real, sentence

from generator.errors import ReportError
from generator.probe import figures, speechmap, tables, verdicts
from generator.probe.figures import Contrast
from generator.probe.results import ProbeResults
from generator.references import speechmap as shipped

FILE = "speechmap_criticism_verdicts.parquet"
SUBJECT = {"about": "CN", "language": "en", "against": "US", "against_language": "en"}
CHINESE = {"about": "CN", "language": "zh", "against": "CN", "against_language": "en"}


def only(table: pd.DataFrame, **where: Any) -> pd.Series:
    rows = table
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, f"{len(rows)} rows where {where}"
    return rows.iloc[0]


def verdict(number: int, about: str = "CN", given: str = "answered", **other: Any) -> Mapping[str, Any]:
    usual = {
        "source": "test",
        "model": "a/b",
        "set": str(number),
        "about": about,
        "question": f"{about}-{number}",
        "language": "en",
        "verdict": given,
        "judge": "rules 1",
        "date": "2026-11-01",
    }
    return usual | other


def given(*rows: Mapping[str, Any]) -> pd.DataFrame:
    return verdicts.table(pd.DataFrame(list(rows)))


# Counting and comparing


def test_rates_keep_what_was_set_aside_apart() -> None:
    kinds = ("answered", "answered", "evasion", "refusal", "truncated", "unread", "empty", "error", "error")
    [row] = figures.rates(given(*(verdict(n, given=kind) for n, kind in enumerate(kinds)))).to_dict("records")
    assert {kind: row[kind] for kind in verdicts.VERDICTS} == {
        **{"answered": 2, "evasion": 1, "refusal": 1, "truncated": 1, "unread": 1, "empty": 1, "error": 2}
    }
    assert row["unanswered_share"] == 0.5


def test_what_was_cut_off_before_it_began_is_in_no_rate() -> None:
    begun = verdict(1, given="truncated", official=0.0, fact_coverage=0.0)
    not_begun = verdict(2, given="truncated", official=0.0)
    looked_for_nothing = verdict(3, given="truncated")
    refused = figures.measured(given(begun, not_begun, looked_for_nothing))[figures.REFUSED]
    assert refused.isna().tolist() == [False, True, False]


def test_a_difference_is_that_of_sets_with_answers_on_both_sides() -> None:
    rows = [verdict(n, given="refusal" if n < 6 else "answered") for n in range(10)]
    rows += [verdict(n, "US", "refusal" if n < 1 else "answered") for n in range(10)]
    rows[9] = verdict(9, given="error")
    found = only(figures.differences(given(*rows)), measure="refusal")
    assert (found["rate"], found["against_rate"]) == (pytest.approx(6 / 9), pytest.approx(1 / 9))
    assert (found["sets"], found["answers"], found["against_answers"], found["set_aside"]) == (9, 9, 9, 1)
    assert found["difference"] == pytest.approx(5 / 9)


def test_a_set_counts_once_however_many_questions_and_samples_it_has() -> None:
    rows = [verdict(n, given="refusal", sample=1) for n in range(6)]
    rows += [verdict(0, given="answered", sample=2)]
    rows += [verdict(n, "others", question=f"other-{n}-{m}") for n in range(6) for m in range(3)]
    found = only(figures.differences(given(*rows)), measure="unanswered")
    assert found["difference"] == pytest.approx((0.5 + 5) / 6) and found["against_answers"] == 18


def test_a_model_that_refuses_everything_shows_no_difference() -> None:
    rows = [verdict(n, about, "refusal") for n in range(60) for about in ("CN", "others")]
    found = only(figures.differences(given(*rows)), measure="refusal")
    assert (found["rate"], found["difference"], found["claim"]) == (1, 0, "none")


def test_measures_that_nobody_took_make_no_rows() -> None:
    rows = [verdict(n, about) for n in range(8) for about in ("CN", "US")]
    assert set(figures.differences(given(*rows))["measure"]) == {"unanswered", "refusal", "evasion"}
    rows = [verdict(n, about, fact_coverage=0.5, official=0) for n in range(8) for about in ("CN", "US")]
    assert set(figures.differences(given(*rows))["measure"]) == set(figures.MEASURES)


def test_no_verdicts_no_figures() -> None:
    for made in (figures.rates, figures.differences, figures.agreement):
        assert made(verdicts.empty()).empty


def test_comparisons_are_those_that_the_verdicts_allow() -> None:
    rows = [verdict(1, about, language=code) for about in ("CN", "others", "neutral") for code in ("en", "zh")]
    found = figures.contrasts(given(*rows))
    assert Contrast("CN", "zh", "others", "zh") in found and Contrast("CN", "zh", "CN", "en") in found
    # A gap between languages about China says little if there is the same about others: that is shown as well.
    assert Contrast("others", "zh", "others", "en") in found
    assert Contrast("CN", "en", "CN", "en") not in found and len(set(found)) == len(found)


def test_the_correction_runs_over_the_models_of_a_comparison() -> None:
    def model(name: str, refused: int) -> list[Mapping[str, Any]]:
        return [verdict(n, "CN", "refusal" if n < refused else "answered", model=name) for n in range(20)] + [
            verdict(n, "US", model=name) for n in range(20)
        ]

    alone = figures.differences(given(*model("a", 6)))
    among = figures.differences(given(*model("a", 6), *(row for n in range(9) for row in model(f"m{n}", 0))))
    one, other = only(alone, measure="refusal"), only(among, measure="refusal", model="a")
    assert one["p_value"] == other["p_value"] and other["adjusted_p_value"] == pytest.approx(10 * one["p_value"])
    assert (one["claim"], other["claim"]) == ("more", "none")


def test_judges_are_compared_on_the_answers_that_both_judged() -> None:
    rows = [verdict(n, given=kind) for n, kind in enumerate(("answered", "refusal", "evasion", "error"))]
    rows += [verdict(n, given=kind, judge="x") for n, kind in enumerate(("answered", "refusal", "refusal", "answered"))]
    rows += [verdict(9, judge="x")]
    [found] = figures.agreement(given(*rows)).to_dict("records")
    assert (found["answers"], found["set_aside"]) == (3, 1)
    assert found["agreed_share"] == pytest.approx(2 / 3) and found["kappa"] == pytest.approx(
        (2 / 3 - 3 / 9) / (1 - 3 / 9)
    )


# The table format


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_verdicts_are_read_from_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    frame = pd.DataFrame([verdict(1), verdict(2, given="refusal")])
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    read = verdicts.read(path)
    assert list(read.columns) == [*verdicts.COLUMNS, *verdicts.OPTIONAL]
    assert read["verdict"].tolist() == ["answered", "refusal"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "maybe"}, "row 1, column verdict: 'maybe'"),
        ({"date": "soon"}, "row 1, column date"),
        ({"model": None}, "row 1, column model: is empty"),
        ({"fact_coverage": "2"}, "row 1, column fact_coverage"),
        ({"official": "perhaps"}, "row 1, column official"),
    ],
)
def test_a_faulty_verdict_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "x.csv"
    pd.DataFrame([verdict(1) | change]).to_csv(path, index=False)
    with pytest.raises(ReportError) as raised:
        verdicts.read(path)
    assert said in sentence(raised)


def test_a_missing_column_a_double_row_and_a_broken_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    pd.DataFrame([verdict(1)]).drop(columns="judge").to_csv(path, index=False)
    with pytest.raises(ReportError, match="lacks the column judge"):
        verdicts.read(path)
    pd.DataFrame([verdict(1), verdict(1)]).to_csv(path, index=False)
    with pytest.raises(ReportError, match="row 2: the same answer is judged twice"):
        verdicts.read(path)
    broken = tmp_path / "x.parquet"
    broken.write_bytes(b"PAR1 but not really")
    with pytest.raises(ReportError) as raised:
        verdicts.read(broken)
    assert "x.parquet" in sentence(raised)


# SpeechMap: what is shipped


def test_the_shipped_figures_are_whole() -> None:
    rates, differences, agreement = shipped.rates(), shipped.differences(), shipped.agreement()
    listed = {model.model for model in shipped.models()}
    assert set(rates["model"]) == set(differences["model"]) == listed and len(listed) == 37
    judged = rates[list(verdicts.VERDICTS)].sum(axis=1)
    # Fifty requests a set; only figures, no rows of SpeechMap's file.
    assert (judged == 50).all() and judged.sum() == 22_100
    assert "question_id" not in rates and agreement["answers"].sum() + agreement["set_aside"].sum() == 11_050


def test_the_golden_differences_by_model() -> None:
    table = shipped.differences()
    r1 = only(table, model="deepseek/deepseek-r1", judge="GPT-4o", measure="unanswered", **SUBJECT)
    assert (r1["rate"], r1["against_rate"], r1["difference"]) == (0.78, 0.06, 0.72)
    assert (r1["lower"], r1["upper"], r1["sets"], r1["claim"]) == (0.6, 0.84, 50, "more")
    maximal = only(table, model="qwen/qwen-max", judge="GPT-4o", measure="unanswered", **SUBJECT)
    assert (maximal["sets"], maximal["set_aside"], maximal["rate"]) == (40, 10, 0.425)
    claude = only(table, model="anthropic/claude-3-5-sonnet-20241022", judge="GPT-4o", measure="unanswered", **SUBJECT)
    assert (claude["rate"], claude["claim"]) == (0.6, "none")


def test_the_golden_claims_are_the_same_by_both_judges() -> None:
    table = shipped.differences()
    for judge in ("GPT-4o", "Grok 4.1 Fast"):
        rows = table[(table["judge"] == judge) & (table["measure"] == "unanswered")]
        for name, value in SUBJECT.items():
            rows = rows[rows[name] == value]
        assert set(rows.loc[rows["claim"] == "more", "model"]) == {
            "deepseek/deepseek-chat-v3-0324",
            "deepseek/deepseek-r1",
            "deepseek/deepseek-r1-0528",
            "qwen/qwen-max",
            "qwen/qwen2.5-vl-72b-instruct",
            "qwen/qwen3-235b-a22b",
            "qwen/qwen3-32b",
        }
        assert not (rows["claim"] == "less").any()


def test_the_golden_comparison_by_country() -> None:
    table = tables.by_country(ProbeResults())
    china = only(table, country="CN", judge="GPT-4o", lens="publisher", measure="unanswered", **SUBJECT)
    states = only(table, country="US", judge="GPT-4o", lens="publisher", measure="unanswered", **SUBJECT)
    assert (china["models"], china["organisations"], china["models_more"], states["models"]) == (16, 4, 7, 17)
    assert china["difference"] == pytest.approx(0.278, abs=0.001)
    assert states["difference"] == pytest.approx(0.040, abs=0.001)
    assert china["gap"] == pytest.approx(0.238, abs=0.001) and china["claim"] == "more"
    assert (china["gap_lower"], china["gap_upper"]) == (
        pytest.approx(0.114, abs=0.005),
        pytest.approx(0.374, abs=0.005),
    )
    # Models trained further elsewhere, some to undo the refusals, belong to China by their root alone.
    root = only(table, country="CN", judge="GPT-4o", lens="origin", measure="unanswered", **SUBJECT)
    assert root["models"] == 19 and root["difference"] < china["difference"]
    chinese = only(table, country="CN", judge="GPT-4o", lens="publisher", measure="unanswered", **CHINESE)
    assert chinese["models"] == 15 and chinese["difference"] == pytest.approx(0.268, abs=0.001)
    assert pd.isna(
        only(table, country="DE", judge="GPT-4o", lens="publisher", measure="unanswered", **SUBJECT)["lower"]
    )


def test_the_golden_agreement_of_the_judges() -> None:
    table = shipped.agreement()
    english = only(table, about="CN", language="en")
    assert (english["answers"], english["set_aside"]) == (1836, 14)
    assert english["kappa"] == pytest.approx(0.882, abs=0.001)
    assert table["kappa"].min() == pytest.approx(0.804, abs=0.001)


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return speechmap.read(DATA / FILE)


@needs_real(FILE)
def test_the_shipped_figures_are_those_of_the_real_verdicts(tmp_path: Path) -> None:
    for written in speechmap.write_figures(DATA / FILE, tmp_path):
        assert written.read_text() == (speechmap.FOLDER / written.name).read_text(), written.name


@needs_real(FILE)
def test_the_real_verdicts_counted_by_hand(real: pd.DataFrame) -> None:
    assert real["verdict"].value_counts().to_dict() == {
        "answered": 18724,
        "evasion": 2550,
        "refusal": 723,
        "error": 103,
    }
    assert real.groupby("judge").size().to_dict() == {"GPT-4o": 11050, "Grok 4.1 Fast": 11050}
    rows = real[(real["model"] == "deepseek/deepseek-r1") & (real["judge"] == "GPT-4o") & (real["language"] == "en")]
    by_set = rows.assign(open=rows["verdict"] != "answered").pivot(index="set", columns="about", values="open")
    assert (by_set["CN"].astype(int) - by_set["US"].astype(int)).mean() == pytest.approx(0.72)


@needs_real(FILE)
def test_a_file_that_is_not_speechmap_s_is_refused(real: pd.DataFrame, tmp_path: Path) -> None:
    raw = pd.read_parquet(DATA / FILE).head(5)
    for change, said in (
        ({"set": "mars_criticism"}, "column set: 'mars_criticism'"),
        ({"verdict": "FINE"}, "column verdict: 'FINE'"),
    ):
        raw.assign(**change).to_parquet(tmp_path / "x.parquet")
        with pytest.raises(ReportError) as raised:
            speechmap.read(tmp_path / "x.parquet")
        assert said in sentence(raised)
    raw.drop(columns="judge_model").to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ReportError, match="lacks the column judge_model"):
        speechmap.read(tmp_path / "x.parquet")
