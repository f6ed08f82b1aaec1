"""Modality and video: the trait, the three tables, and every sentence and chart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest
from samples import DATA, needs_real
from test_findings import manifest

from generator import archive, dataset, engines, flows, results
from generator.attribution import attribute
from generator.attribution.registry import REGISTRY, Organisation
from generator.chapters import modality as chapter
from generator.charts.theme import themed
from generator.errors import ReportError
from generator.facts import FactBook
from generator.findings import modality as findings
from generator.flows import Flows
from generator.metric import Metric
from generator.metrics import modality, modality_by_country, series_quality, video_by_country
from generator.results import Results
from generator.snapshot import Snapshot
from generator.sources import files
from generator.sources.demo import developers
from generator.traits import modality as traits

HUB = "hub_models_2026-05.parquet"
MAY = date(2026, 5, 20)
DAY = date(2026, 5, 31)
NEW = datetime(2026, 1, 10)
OLD = datetime(2023, 1, 10)
TABLES = ("modality", "modality-by-country", "video-by-country")
MINE: dict[str, Metric] = {
    module.METRIC.id: module.METRIC for module in (modality, modality_by_country, video_by_country, series_quality)
}


def row(model_id: str, downloads: int | None = 100, task: str | None = None, **other: Any) -> dict[str, Any]:
    usual = {"created_at": NEW, "downloads_30d": downloads, "downloads_all_time": downloads, "pipeline_tag": task}
    return {"model_id": model_id, **usual, **other}


def films(namespace: str, models: int, downloads: int, task: str = "text-to-video") -> list[dict[str, Any]]:
    """New video models, the downloads spread evenly but for the first, which has the remainder."""
    each, extra = divmod(downloads, models)
    return [row(f"{namespace}/film-{n}", each + (extra if n == 0 else 0), task) for n in range(models)]


COUNTRIES = {"Qwen": "CN", "google": "US", "mistral": "FR"}
GROUPS = {task.pipeline_tag: task.modality for task in traits.load()}


def tables_of(day: date, rows: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """The three tables of one date counted in plain Python, as the metrics should; downloads are of 30 days."""
    born = [item for item in rows if item["created_at"] == NEW and item["downloads_30d"] is not None]
    models = [
        (
            COUNTRIES.get(item["model_id"].split("/")[0], "unattributed"),
            item["pipeline_tag"],
            GROUPS.get(item["pipeline_tag"], "unknown"),
            item["downloads_30d"],
        )
        for item in born
    ]
    window = {
        "as_of": day, "window_months": 1, "window_start": day - timedelta(days=30), "basis": "snapshot-30-day",
    }  # fmt: skip

    def counted(numbers: list[int], total: int) -> dict[str, Any]:
        own = sum(numbers)
        return {
            "downloads": own,
            "models": len(numbers),
            "share": own / total if total else None,
            "largest_model_share": max(numbers) / own if own else None,
        }

    def countries(chosen: list[tuple[str, Any, str, int]]) -> list[dict[str, Any]]:
        total = sum(model[3] for model in chosen)
        rest = sum(model[3] for model in chosen if model[0] == "unattributed")
        codes = sorted({model[0] for model in chosen})
        found: list[dict[str, Any]] = [
            {"country": code, **counted([m[3] for m in chosen if m[0] == code], total)} for code in codes
        ]
        found.sort(key=lambda line: (line["country"] == "unattributed", -int(line["downloads"])))
        for place, line in enumerate(found, start=1):
            unattributed = line["country"] == "unattributed"
            share = line["share"]
            line["rank"] = None if unattributed else place
            line["lower"] = None if share is None else 0.0 if unattributed else share
            line["upper"] = None if share is None else share if unattributed else share + rest / total
        return found

    total = sum(model[3] for model in models)
    groups = [{"modality": "all", "models_share": 1.0} | counted([model[3] for model in models], total)]
    for name in traits.MODALITIES:
        own = [model[3] for model in models if model[2] == name]
        groups.append({"modality": name, "models_share": len(own) / max(len(models), 1)} | counted(own, total))
    ranked = sorted(
        (line for line in groups if line["models"] and line["modality"] not in ("all", "unknown")),
        key=lambda line: -int(str(line["downloads"])),
    )
    for line in groups:
        line["rank"] = ranked.index(line) + 1 if line in ranked else None
    lenses = ("publisher", "origin")
    by_country = [
        {"lens": lens, "modality": name} | line
        for lens in lenses
        for name in sorted({model[2] for model in models})
        for line in countries([model for model in models if model[2] == name])
    ]
    makers = [model for model in models if model[1] in traits.VIDEO_TASKS]
    video = [
        {"lens": lens, "task": task} | line
        for lens in lenses
        for task in ("all-video", *traits.VIDEO_TASKS)
        for line in countries([model for model in makers if task in ("all-video", model[1])])
    ]
    lines = {"modality": groups if models else [], "modality-by-country": by_country, "video-by-country": video}
    frames = {}
    for name, given in lines.items():
        frame = pd.DataFrame([window | line for line in given], columns=list(MINE[name].columns))
        for column in frame.columns:
            if column in ("share", "lower", "upper", "models_share", "largest_model_share"):
                frame[column] = frame[column].astype(float)
            elif column in ("rank", "window_months"):
                frame[column] = frame[column].astype("Int64")
        frames[name] = frame
    return frames


def book(*rows: dict[str, Any], kind: str = "hub", before: dict[date, list[dict[str, Any]]] | None = None) -> FactBook:
    """A book on tables counted here, so that the sentences are tested without an archive."""
    days = {**(before or {}), DAY: list(rows)}
    dated = [tables_of(day, models) for day, models in days.items()]
    tables = {
        name: pd.concat([tables[name] for tables in dated if len(tables[name])] or [dated[0][name]]) for name in TABLES
    }
    quality = pd.DataFrame(columns=list(series_quality.METRIC.columns))
    return FactBook(
        Results(
            metrics=MINE,
            tables={**tables, "series-quality": quality},
            report_dates=tuple(days),
            snapshots=pd.DataFrame(),
            newest_creation=None,
            source=results.source_note([manifest(day, kind=kind) for day in days]),
        )
    )


def said(finding: Any) -> str:
    return str(finding.text.striptags())


# The trait


CASES: list[tuple[dict[str, Any], str | None, str]] = [
    ({"pipeline_tag": "text-generation"}, "text-generation", "text"),
    ({"pipeline_tag": " Text-To-Video "}, "text-to-video", "video"),
    ({"pipeline_tag": "any-to-any"}, "any-to-any", "multimodal"),
    ({"pipeline_tag": "sentence-similarity"}, "sentence-similarity", "embedding"),
    ({"pipeline_tag": "text-to-3d"}, "text-to-3d", "image"),
    ({"pipeline_tag": "voice-activity-detection"}, "voice-activity-detection", "audio"),
    ({"pipeline_tag": "robotics"}, "robotics", "other"),
    # What is stated and not listed is not overruled by tags or library.
    ({"pipeline_tag": "x'; drop table y", "tags": ["text-to-image"], "library_name": "timm"}, None, "unknown"),
    ({"pipeline_tag": "text-generation", "tags": ["text-to-image"]}, "text-generation", "text"),
    # Nothing stated: tags, if they agree; then the library.
    ({"tags": ["en", "Image-To-Video", "text-to-video"]}, "image-to-video", "video"),
    ({"tags": ["text-to-image", "text-to-video"]}, None, "unknown"),
    ({"tags": ["text-to-image", "text-to-video"], "library_name": "timm"}, None, "unknown"),
    ({"tags": ["translation"], "library_name": "timm"}, "translation", "text"),
    ({"pipeline_tag": "  ", "tags": [None, "fill-mask"]}, "fill-mask", "text"),
    ({"tags": ["conversational", "reinforcement-learning", "biology", "other"]}, None, "unknown"),
    ({"tags": ["dataset:text-to-video"]}, None, "unknown"),
    ({"library_name": "Sentence-Transformers", "tags": []}, None, "embedding"),
    ({"library_name": "diffusers"}, None, "unknown"),
    ({"library_name": "stable-baselines3"}, None, "other"),
    ({}, None, "unknown"),
]


def test_task_and_modality() -> None:
    """All cases in one query: what a record says, its task, its modality."""
    blank = {"pipeline_tag": None, "library_name": None, "tags": None}
    rows = [{"model_id": str(number), **blank, **about} for number, (about, _, _) in enumerate(CASES)]
    schema = {
        "model_id": "string", "pipeline_tag": "string", "library_name": "string", "tags": "array<string>",
    }  # fmt: skip
    expression = traits.classify(ibis.memtable(rows, schema=schema), traits.load())
    found = ibis.duckdb.connect().execute(expression).set_index("model_id")
    for number, (about, task, expected) in enumerate(CASES):
        named, group = found["task"][str(number)], found["modality"][str(number)]
        assert (None if pd.isna(named) else named, group) == (task, expected), about


def test_the_table_of_tasks() -> None:
    table = {task.pipeline_tag: task.modality for task in traits.load()}
    assert len(table) >= 55
    assert set(table.values()) == set(traits.MODALITIES) - {traits.UNKNOWN}
    assert {name for name, group in table.items() if group == "video"} == {*traits.VIDEO_TASKS, "video-classification"}
    for name, group in table.items():
        # A task that says what comes out of it belongs to what comes out, but for language models that read more.
        if name.startswith("text-to-"):
            end = name.removeprefix("text-to-")
            assert group == {"speech": "audio", "3d": "image"}.get(end, end), name
        if name.endswith("-text-to-text"):
            assert group == "multimodal", name


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("text-to-x,film,yes,", "line 2, field modality"),
        ("Text To X,text,yes,", "line 2, field pipeline_tag"),
        ("text-to-x,text,perhaps,", "line 2, field in_tags"),
        ("a,text,yes,\na,image,yes,", "listed twice"),
    ],
)
def test_a_damaged_table_of_tasks(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "modalities.csv"
    path.write_text(f"pipeline_tag,modality,in_tags,note\n{line}\n", encoding="utf-8")
    with pytest.raises(ReportError, match=words):
        traits.load(path)


# Tables


def of(computed: Results, metric: str, **where: Any) -> pd.DataFrame:
    """A metric's rows of the 30-day basis at the newest date, or where told."""
    table = computed.tables[metric]
    for column, value in {"as_of": computed.as_of, "basis": "snapshot-30-day", **where}.items():
        table = table[table[column] == value]
    return table


@pytest.fixture(scope="module")
def opened(open_flows: Callable[..., Flows], organisation: Callable[..., Organisation]) -> Callable[..., Results]:
    registry = [organisation(namespace, country) for namespace, country in COUNTRIES.items()]

    def made(*rows: dict[str, Any]) -> Results:
        return results.compute(open_flows({DAY: rows}, registry), MINE, [manifest(DAY)])

    return made


def test_a_small_archive(opened: Callable[..., Results]) -> None:
    rows = [
        row("Qwen/t", 400, "text-generation"),
        row("Qwen/v", 150, "text-to-video"),
        row("google/v", 60, "text-to-video"),
        # By origin this one is the root's country's, with its own task.
        row("google/w", 50, "image-to-video", base_models=["Qwen/v"], base_relation="adapter"),
        row("nobody/v", 40, "video-to-video"),
        row("google/c", 200, "video-classification"),
        row("nobody/u", 100, "<script>"),
        row("google/none", None, "text-to-image"),
        row("google/old", 9000, "text-to-video", created_at=OLD),
    ]
    computed = opened(*rows)
    table = of(computed, "modality").set_index("modality")
    assert table.index.tolist() == ["all", *traits.MODALITIES]
    expected = {
        "all": (1000, 7, 1.0, None), "text": (400, 1, 0.4, 2), "embedding": (0, 0, 0.0, None),
        # A model without a count has no download to sort, so its modality is empty but there.
        "image": (0, 0, 0.0, None), "video": (500, 5, 0.5, 1), "audio": (0, 0, 0.0, None),
        "multimodal": (0, 0, 0.0, None), "other": (0, 0, 0.0, None), "unknown": (100, 1, 0.1, None),
    }  # fmt: skip
    found = table[["downloads", "models", "share", "rank"]].astype(object).where(table["rank"].notna(), None)
    found[["downloads", "models", "share"]] = table[["downloads", "models", "share"]]
    assert dict(zip(found.index, found.itertuples(index=False, name=None), strict=True)) == expected
    assert table["models_share"]["video"] == pytest.approx(5 / 7)
    assert table["largest_model_share"]["video"] == 0.4 and table["largest_model_share"].isna()["image"]
    by_country = of(computed, "modality-by-country", lens="publisher", modality="video").set_index("country")
    assert by_country["downloads"].to_dict() == {"CN": 150, "US": 310, "unattributed": 40}
    assert by_country["upper"].to_dict() == pytest.approx({"CN": 0.38, "US": 0.7, "unattributed": 0.08})
    # Every cell of every table, against those that the sentences are tested on.
    for name, counted in tables_of(DAY, rows).items():
        keys = [column for column in ("modality", "task", "country") if column in counted]
        theirs = computed.tables[name].query("basis == 'snapshot-30-day'")
        if "lens" in counted:
            theirs, counted = (frame[frame["lens"] == "publisher"] for frame in (theirs, counted))
        mine, theirs = (frame.sort_values(keys).reset_index(drop=True) for frame in (counted, theirs))
        pd.testing.assert_frame_equal(theirs, mine, check_dtype=False)
    origin = of(computed, "video-by-country", lens="origin")
    downloads = {(item.task, item.country): item.downloads for item in origin.itertuples()}
    assert downloads == {
        ("all-video", "CN"): 200, ("all-video", "US"): 60, ("all-video", "unattributed"): 40,
        ("text-to-video", "CN"): 150, ("text-to-video", "US"): 60, ("image-to-video", "CN"): 50,
        ("video-to-video", "unattributed"): 40,
    }  # fmt: skip


def test_no_downloads_are_no_share(opened: Callable[..., Results]) -> None:
    computed = opened(row("Qwen/v", 0, "text-to-video"), row("Qwen/floor", 9, created_at=datetime(2022, 3, 2)))
    table = of(computed, "modality").set_index("modality")
    assert table["share"].isna().all() and table["largest_model_share"].isna().all()
    assert table["models"]["video"] == 1 and table["models"]["all"] == 1
    for name in ("modality-by-country", "video-by-country"):
        assert len(computed.tables[name]) and computed.tables[name]["share"].isna().all()


def test_the_demo_counted_anew(demo_results: Results, demo_snapshots: list[Snapshot]) -> None:
    """Every late report date, from the snapshots' own rows, with a mapping of the demo's few tasks written here."""
    groups = {
        "text": ["text-generation", "text-classification", "token-classification", "fill-mask"],
        "embedding": ["feature-extraction", "sentence-similarity", "text-ranking"],
        "image": ["text-to-image", "image-to-image", "image-classification", "image-to-text"],
        "video": ["text-to-video", "image-to-video"],
        "audio": ["automatic-speech-recognition", "text-to-speech"],
        "multimodal": ["image-text-to-text"],
        "other": ["reinforcement-learning"],
    }
    group_of = {task: name for name, tasks in groups.items() for task in tasks}
    countries = {item.namespace: item.country for item in developers()}
    checked = 0
    for snapshot in demo_snapshots:
        if snapshot.as_of not in demo_results.report_dates[-4:]:
            continue
        frame = snapshot.models.to_pandas()
        created = frame["created_at"].dt.date
        recent = (created > snapshot.as_of - timedelta(days=365)) & (created != date(2022, 3, 2))
        new = frame[frame["downloads_30d"].notna() & recent].copy()
        library = new["library_name"].map({"sentence-transformers": "embedding", "stable-baselines3": "other"})
        new["modality"] = new["pipeline_tag"].map(group_of).fillna(library.where(new["pipeline_tag"].isna()))
        new["modality"] = new["modality"].fillna("unknown")
        new["country"] = [countries.get(name, "unattributed") for name in new["author"]]
        total = int(new["downloads_30d"].sum())
        table = of(demo_results, "modality", as_of=snapshot.as_of).set_index("modality")
        counts = dict(zip(table.index, table[["downloads", "models"]].itertuples(index=False, name=None), strict=True))
        assert counts["all"] == (total, len(new))
        for name, group in new.groupby("modality"):
            assert counts[str(name)] == (group["downloads_30d"].sum(), len(group)), name
            assert table["largest_model_share"][name] * group["downloads_30d"].sum() == pytest.approx(
                group["downloads_30d"].max()
            )
        by_country = of(demo_results, "modality-by-country", as_of=snapshot.as_of, lens="publisher")
        expected = new.groupby(["modality", "country"])["downloads_30d"].agg(["sum", "count"])
        found = by_country.set_index(["modality", "country"])[["downloads", "models"]]
        assert found.sort_index().to_numpy().tolist() == expected.to_numpy().tolist()
        video = of(demo_results, "video-by-country", as_of=snapshot.as_of, lens="publisher", task="all-video")
        films = new[new["pipeline_tag"].isin(groups["video"])].groupby("country")["downloads_30d"].sum()
        assert video.set_index("country")["downloads"].to_dict() == films.to_dict()
        checked += len(expected)
    assert checked > 40


def test_the_modalities_add_up_to_the_new_models(demo_results: Results) -> None:
    """In every window and under both lenses, to the download; and the shares to one."""
    keys = ["as_of", "lens", "window_months", "basis", "country"]
    cohort = demo_results.tables["new-model-share-by-country"].query("reading == 'cohort'")
    parts = demo_results.tables["modality-by-country"].groupby(keys)[["downloads", "models"]].sum()
    assert parts.to_numpy().tolist() == cohort.groupby(keys)[["downloads", "models"]].sum().to_numpy().tolist()
    table = demo_results.tables["modality"]
    groups = table[table["modality"] != "all"].groupby(["as_of", "window_months", "basis"])
    whole = table[table["modality"] == "all"].set_index(["as_of", "window_months", "basis"]).sort_index()
    assert groups["downloads"].sum().to_numpy().tolist() == whole["downloads"].to_numpy().tolist()
    assert groups["share"].sum().to_numpy() == pytest.approx(1.0)
    assert groups["models_share"].sum().to_numpy() == pytest.approx(1.0)
    video = demo_results.tables["video-by-country"]
    window = ["as_of", "lens", "window_months", "basis"]
    whole_video = video[video["task"] == "all-video"].groupby([*window, "country"])["downloads"].sum()
    by_task = video[video["task"] != "all-video"].groupby([*window, "country"])["downloads"].sum()
    assert len(whole_video) > 100 and by_task.equals(whole_video)
    # No video model of the demo classifies, so the group and the makers of video are the same.
    group = table[table["modality"] == "video"].set_index(["as_of", "window_months", "basis"])["downloads"]
    made = whole_video.xs("publisher", level="lens").groupby(["as_of", "window_months", "basis"]).sum()
    assert made.to_dict() == group[group > 0].to_dict() or (made == group.reindex(made.index)).all()


def test_the_planted_tasks_come_back(demo_results: Results) -> None:
    """The demo's German developer makes images and video alone, its labs of text never images."""
    table = demo_results.tables["modality-by-country"]
    published = table[(table["lens"] == "publisher") & (table["models"] > 0)]
    focus = {code: {item.focus for item in developers() if item.country == code} for code in set(published["country"])}
    allowed = {"image": {"image", "video"}, "text": {"text"}, "embedding": {"embedding"}}
    checked = 0
    for code, kinds in focus.items():
        # A model whose record lacks its task is unknown, whoever made it.
        found = set(published.loc[published["country"] == code, "modality"]) - {"unknown"}
        if kinds and kinds <= set(allowed):
            assert found <= set().union(*(allowed[kind] for kind in kinds)), code
            checked += 1
    assert checked >= 2


# Sentences


@pytest.mark.parametrize(
    ("text", "image", "unknown", "condition", "opening"),
    [
        (600, 300, 100, "lead", "Among new models, text models lead: they took 60.0%"),
        (300, 600, 100, "lead", "Among new models, image models lead: they took 60.0%"),
        (450, 400, 150, "lead-within-bounds", "Among new models, text models lead: they took 45.0%"),
        (400, 400, 200, "tie", "Text and image models are level among new models: each group took 40.0%"),
        (600, 0, 400, "lead", "All downloads of new models"),
        (400, 0, 600, "lead-within-bounds", "All downloads of new models"),
        (0, 0, 100, "unknown", "This edition's data tell of none"),
        (0, 0, 0, "no-data", "There are no downloads of new models"),
    ],
)
def test_the_leading_modality(text: int, image: int, unknown: int, condition: str, opening: str) -> None:
    rows = row("Qwen/t", text, "text-generation"), row("google/i", image, "text-to-image"), row("nobody/u", unknown)
    finding = findings.leading_modality(book(*rows))
    assert finding.condition == condition
    assert said(finding).startswith(opening)
    assert ("turn the order" in said(finding)) == (condition == "lead-within-bounds")
    assert "selection" not in said(finding)
    selected = findings.leading_modality(book(*rows, kind="file"))
    assert ("selection" in said(selected)) == (condition not in ("no-data", "unknown"))


def test_the_modality_of_most_models() -> None:
    few, many = row("Qwen/t", 500, "text-generation"), [row(f"google/i{n}", 10, "text-to-image") for n in range(3)]
    other = findings.by_number(book(few, *many, row("nobody/u", 1)))
    assert other.condition == "other"
    assert "image models are the most: 3 of the 5 new models (60.0%); 1 have" in said(other)
    same = findings.by_number(book(few))
    assert same.condition == "same" and said(same).startswith("By number too, text")
    assert findings.by_number(book(row("nobody/u"))).condition == "unknown"
    assert findings.by_number(book(row("google/old", created_at=OLD))).condition == "no-data"


def test_the_leading_countries() -> None:
    enough = findings.TOO_FEW
    facts = book(
        *films("Qwen", enough, 600),
        *films("google", enough, 200),
        *(row(f"google/a{n}", 30, "text-to-speech") for n in range(enough)),
        *(row(f"nobody/a{n}", 40, "text-to-speech") for n in range(enough)),
        row("google/i", 50, "text-to-image"),
    )
    finding = findings.leading_countries(facts)
    assert finding.condition == "known"
    assert "is China in video (75.0%); the United States in audio (42.9%)." in said(finding)
    assert "In audio the unattributed downloads could turn the order." in said(finding)
    assert said(finding).endswith("Too few models or downloads to say: image.")
    assert findings.leading_countries(book(row("google/i", 50, "text-to-image"))).condition == "too-few"
    assert findings.leading_countries(book(row("google/old", created_at=OLD))).condition == "no-data"


@pytest.mark.parametrize(
    ("cn", "us", "unknown", "condition"),
    [
        (600, 300, 100, "lead"),
        (500, 400, 200, "lead-within-bounds"),
        (300, 600, 100, "reversed"),
        (400, 500, 200, "reversed-within-bounds"),
        (500, 500, 100, "tie"),
        (500, 0, 100, "lead"),
        (100, 0, 500, "lead-within-bounds"),
        (0, 0, 500, "unattributed"),
        (0, 0, 0, "no-data"),
    ],
)
@pytest.mark.parametrize("lens", ["publisher", "origin"])
def test_who_leads_in_video(cn: int, us: int, unknown: int, condition: str, lens: str) -> None:
    given = {"Qwen": cn, "google": us, "nobody": unknown}
    facts = book(*(item for name, downloads in given.items() for item in films(name, 10, downloads)))
    finding = findings.video_leader(facts, lens)
    assert finding.condition == condition
    text = said(finding)
    assert ("could turn the order" in text) == condition.endswith("within-bounds")
    if condition in ("no-data", "unattributed"):
        assert "%" not in text and "leads in" not in text
        return
    opening = {"tie": "China and the United States are level", "lead": "China leads in video generation"}
    assert text.startswith(opening.get(condition.removesuffix("-within-bounds"), "The United States leads in video"))
    for share in {cn, us, unknown} - {0}:
        assert f"{share / (cn + us + unknown):.1%}" in text
    if condition != "tie":
        assert "It has 10 models of the kind" in text
        assert ("no other country" in text) == (us == 0)


@pytest.mark.parametrize("kind", ["hub", "file"])
def test_too_few_or_no_video(kind: str) -> None:
    """Nobody is named, and a selection says that it is one."""
    few = findings.video_leader(book(*films("Qwen", findings.TOO_FEW - 1, 900), kind=kind))
    assert few.condition == "too-few"
    none = findings.video_leader(
        book(row("Qwen/t", 5, "text-generation"), row("a/c", 5, "video-classification"), kind=kind)
    )
    assert none.condition == "no-data" and "None of the 2 new models" in said(none)
    nothing = findings.video_leader(book(*films("Qwen", 30, 0), kind=kind))
    assert nothing.condition == "no-data" and "no downloads" in said(nothing)
    for finding in (few, none, nothing):
        assert ("this selection cannot speak of video" in said(finding)) == (kind == "file")
        assert "China" not in said(finding)
    old = findings.video_leader(book(row("Qwen/old", 5, "text-to-video", created_at=OLD), kind=kind))
    assert old.condition == "no-data" and "no new models" in said(old)
    enough = findings.video_leader(book(*films("Qwen", findings.TOO_FEW, 900), kind=kind))
    assert enough.condition == "lead"


def test_attribution_is_said_to_be_whole() -> None:
    finding = findings.video_leader(book(*films("Qwen", 20, 600), *films("google", 20, 400)))
    assert "Every one of these downloads is attributed" in said(finding)


def test_video_by_task() -> None:
    finding = findings.video_tasks(
        book(
            *films("Qwen", 2, 600),
            *films("nobody", 1, 200),
            row("mistral/i", 10, "image-to-video"),
            row("nobody/i", 90, "image-to-video"),
            row("nobody/v", 90, "video-to-video"),
        )
    )
    assert finding.condition == "known"
    assert "is China in text-to-video with 75.0% (2 models) and France in image-to-video with 10.0% (1 model)." in said(
        finding
    )
    assert findings.video_tasks(book(row("nobody/v", 90, "video-to-video"))).condition == "no-data"


@pytest.mark.parametrize(
    ("before", "now", "condition", "words"),
    [
        ((100, 900), (300, 700), "rise", "has risen since 30 April 2026, from 10.0% to 30.0%"),
        ((300, 700), (100, 900), "fall", "has fallen since 30 April 2026, from 30.0% to 10.0%"),
        ((100, 900), (1001, 9000), "level", "has hardly moved"),
        ((0, 900), (100, 900), "rise", "from 0.0% to 10.0%"),
        ((None, 900), (None, 900), "none", "is there a new model of the video group"),
        (None, (100, 900), "one-date", "the history grows"),
        (None, (0, 0), "no-data", "no downloads of new models"),
    ],
)
def test_the_change_of_video(before: tuple[Any, Any] | None, now: tuple[Any, Any], condition: str, words: str) -> None:
    def day(shares: tuple[int | None, int]) -> list[dict[str, Any]]:
        film = [] if shares[0] is None else [row("Qwen/v", shares[0], "text-to-video")]
        # Fresh counters, or the second date would be an export that repeats itself.
        rows = [*film, row("google/t", shares[1], "text-generation")]
        return [{**item, "downloads_all_time": None} for item in rows]

    finding = findings.video_change(
        book(*day(now), before=None if before is None else {date(2026, 4, 30): day(before)})
    )
    assert finding.condition == condition
    assert words in said(finding)


# Page


def figures(given: Any) -> list[Any]:
    return [*given["modality_figures"], *given["country_figures"], *given["video_figures"]]


def all_findings(given: Any) -> list[Any]:
    return [*given["modality_findings"], *given["country_findings"], *given["video_findings"], given["video_change"]]


def test_the_chapter_of_the_demo(demo_results: Results) -> None:
    facts = FactBook(demo_results)
    given = chapter.context(facts)
    assert [figure.id for figure in figures(given)] == [
        "modalities", "modalities-over-time", "modality-countries-publisher", "modality-countries-origin",
        "video-countries", "video-over-time",
    ]  # fmt: skip
    for figure in figures(given):
        # The two last are drawn by the countries' charts, which have tests of their own.
        for width in (760, 330) if not figure.id.startswith("video") else ():
            assert themed(figure.draw(width))["config"]
        assert "nan" not in figure.description and not figure.table.empty
        assert not figure.table.map(lambda cell: "nan" in str(cell)).any().any()
    by_country = given["country_figures"][0].table
    assert "Unattributed" in by_country["Country"].tolist()
    assert not [column for column in by_country if column.startswith("Other")]
    texts = {fact["text"] for fact in facts.as_json()["facts"]}
    for finding in all_findings(given):
        marked = [part.split("</data>")[0].split(">")[-1] for part in str(finding.text).split("<data ")[1:]]
        assert marked and set(marked) <= texts
        rest = finding.text
        for text in marked:
            rest = rest.replace(f">{text}</data>", "></data>")
        assert "%" not in rest.striptags()


def test_the_chapter_without_video_or_without_anything() -> None:
    text = chapter.context(book(*(row(f"Qwen/t{n}", 5, "text-generation") for n in range(30)), kind="file"))
    assert [figure.id for figure in figures(text)] == [
        "modalities", "modality-countries-publisher", "modality-countries-origin",
    ]  # fmt: skip
    # Both lenses would say the same of nothing, so it is said once.
    assert [finding.condition for finding in text["video_findings"]] == ["no-data"]
    nothing = chapter.context(book(row("Qwen/old", 0, created_at=OLD)))
    assert figures(nothing) == []
    assert {finding.condition for finding in all_findings(nothing)} == {"no-data"}
    few = chapter.context(book(*films("Qwen", 3, 30)))
    assert few["video_figures"] == [] and few["country_figures"] == []


def test_a_fallen_counter_breaks_no_chart() -> None:
    """Negative downloads of a modality leave sentences and charts standing."""
    facts = book(
        *films("Qwen", 20, 600), *films("google", 20, 400), row("nobody/t", 50, "text-generation"), row("nobody/v", 5)
    )
    tables = dict(facts.results.tables)
    for name in ("modality", "modality-by-country", "video-by-country"):
        fallen = tables[name].copy()
        hit = fallen["modality"] == "text" if "modality" in fallen else fallen["country"] == "US"
        fallen.loc[hit, ["downloads", "share"]] = [-5, -0.1]
        tables[name] = fallen
    given = chapter.context(FactBook(replace(facts.results, tables=tables)))
    assert given["video_findings"][0].condition == "lead"
    for figure in figures(given):
        themed(figure.draw(330))


# The real file


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    folder = tmp_path_factory.mktemp("real-modality")
    for snapshot in files.load(DATA / HUB, as_of=MAY):
        archive.add(folder, snapshot)
    entries = archive.entries(folder)
    data = dataset.load(engines.connect(), entries)
    yield results.compute(flows.build(data, attribute(data)), MINE, [entry.manifest for entry in entries])


@needs_real(HUB)
def test_the_real_file_in_plain_sql(real: Results) -> None:
    connection = duckdb.connect()
    connection.execute(
        f"""
        create table m as
        select downloads, downloadsAllTime as ever, split_part(id, '/', 1) as namespace,
            case when pipeline_tag in ('text-generation', 'text-classification', 'question-answering', 'translation')
                    then 'text'
                when pipeline_tag in ('feature-extraction', 'sentence-similarity', 'text-ranking') then 'embedding'
                when pipeline_tag in ('image-text-to-text', 'any-to-any', 'video-text-to-text') then 'multimodal'
                when pipeline_tag like '%image%' then 'image'
                when pipeline_tag = 'automatic-speech-recognition' then 'audio'
                when pipeline_tag = 'reinforcement-learning' then 'other'
                else 'unknown' end as modality
        from '{DATA / HUB}'
        where nullif(createdAt::date, date '2022-03-02') > date '{MAY}' - 365
        """
    )
    for basis, column in (("snapshot-30-day", "downloads"), ("counter-difference", "ever")):
        expected = connection.execute(
            f"select modality, sum({column})::bigint, count({column}) from m group by 1"
        ).fetchall()
        table = of(real, "modality", basis=basis, window_months=1 if basis == "snapshot-30-day" else 12)
        found = table[(table["modality"] != "all") & (table["models"] > 0)][["modality", "downloads", "models"]]
        assert set(found.itertuples(index=False, name=None)) == set(expected)
        countries = connection.execute(
            f"""
            select modality, coalesce(country, 'unattributed'), sum({column})::bigint
            from m left join read_csv('{REGISTRY}', all_varchar = true) as r on lower(r.namespace) = lower(m.namespace)
            group by all
            """
        ).fetchall()
        by_country = of(real, "modality-by-country", basis=basis, lens="publisher")
        columns = ["modality", "country", "downloads"]
        assert set(by_country[columns].itertuples(index=False, name=None)) == set(countries)


@needs_real(HUB)
def test_the_real_file_as_last_looked_at(real: Results) -> None:
    """A change of modalities.csv or of the registry that moves these has to be seen, and these changed with it."""
    table = of(real, "modality", basis="counter-difference").set_index("modality")
    assert table["models"]["all"] == 150
    assert table["share"].to_dict() == pytest.approx(
        {
            "all": 1.0, "text": 0.4416, "embedding": 0.0930, "image": 0.0050, "video": 0.0, "audio": 0.0,
            "multimodal": 0.4579, "other": 0.0, "unknown": 0.0027,
        },
        abs=0.0002,
    )  # fmt: skip
    assert real.tables["video-by-country"].empty
    given = chapter.context(FactBook(real))
    assert [finding.condition for finding in given["modality_findings"]] == ["lead", "other"]
    (video,) = given["video_findings"]
    assert video.condition == "no-data"
    assert "None of the 150 new models" in said(video) and "this selection cannot speak of video" in said(video)
    assert given["video_change"].condition == "none" and given["video_figures"] == []
