"""The documentation keeps its word."""

import importlib.util
import re
from pathlib import Path

import pytest
from projects import ROOT

from generator import metrics, results
from generator.flows import Flows
from generator.settings import Settings

DOCS = ROOT / "docs"


def test_the_example_of_a_metric_runs(demo_flows: Flows, tmp_path: Path) -> None:
    code = re.search(r"```python\n(.+?)```", (DOCS / "adding-a-metric.md").read_text(encoding="utf-8"), re.S)
    assert code is not None
    file = tmp_path / "median_age.py"
    file.write_text(code[1], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("median_age", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    metric = module.METRIC
    assert metric.id == file.stem.replace("_", "-") and metric.id not in metrics.discover()
    table = results.compute(demo_flows, {metric.id: metric}, manifests=[_manifest()]).tables[metric.id]
    assert list(table.columns) == list(metric.columns) and len(table) > 0
    assert table["median_age_days"].between(0, 5000).all()
    assert all(metric.describe(column) for column in metric.columns)


def _manifest() -> results.Manifest:
    return results.Manifest.model_validate(
        {
            "schema_version": 1,
            "generator_version": "0",
            "as_of": "2026-10-31",
            "kind": "demo",
            "detail": "a test",
            "retrieved_at": "2026-10-31T00:00:00Z",
            "simulated": True,
            "rows": 1,
            "bytes": 1,
            "sha256": "0",
            "coverage": {},
            "skipped": {},
        }
    )


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| `", text, re.M) == list(Settings.model_fields)
    given = re.findall(r"^(\w+) =", (ROOT / "report.toml").read_text(encoding="utf-8"), re.M)
    assert given == list(Settings.model_fields)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_modules_named_in_the_design_exist() -> None:
    text = (DOCS / "design.md").read_text(encoding="utf-8")
    made = {"site/", "site_src/"}
    for name in set(re.findall(r"`((?:generator/)?[\w/]+(?:\.py|/))`", text)) - made:
        assert any((ROOT / start / name).exists() for start in ("", "generator")), name
