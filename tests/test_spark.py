"""Every metric on Spark gives DuckDB's tables: opt-in, since Spark starts thousands of small jobs, for minutes.

Run it with ``SPARK=1`` where the extra ``[spark]`` and Java 17 are installed; ``benchmarks/engines.py`` does the same
for an archive of any size.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from samples import ROOT

from generator import archive, metrics
from generator.sources import demo

sys.path.insert(0, str(ROOT / "benchmarks"))
import engines as comparison

MODELS, MONTHS = 600, 14
"""Few models, for Spark's time goes with the tables; enough months for a year's window to close twice."""


def missing() -> str:
    """What the test lacks, in words; empty where it can run."""
    if not os.environ.get("SPARK"):
        return "runs every metric on Spark, for minutes: set SPARK=1"
    if importlib.util.find_spec("pyspark") is None:
        return "needs pyspark, from the extra [spark]"
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        return "needs Java 17 or newer, found through JAVA_HOME"
    return ""


@pytest.mark.spark
def test_every_metric_is_the_same_on_spark(tmp_path: Path) -> None:
    if lacking := missing():
        pytest.skip(lacking)
    for snapshot in demo.snapshots(demo.Demo(models=MODELS, months=MONTHS)):
        archive.add(tmp_path / "archive", snapshot)
    on_duckdb = comparison.computed("duckdb", tmp_path / "archive")
    on_spark = comparison.computed("spark", tmp_path / "archive")
    assert on_duckdb.keys() == on_spark.keys() == {name for name, one in metrics.discover().items() if not one.data}
    assert comparison.differences(on_duckdb, on_spark) == {}


def test_a_cell_that_differs_is_named() -> None:
    one = {"shares": pd.DataFrame({"share": [0.25, 0.75], "downloads": [1, 3]})}
    assert comparison.differences(one, {"shares": one["shares"].assign(share=[0.25, 0.75 + 1e-12])}) == {}
    other = comparison.differences(one, {"shares": one["shares"].assign(downloads=[1, 4])})
    assert list(other) == ["shares"] and "downloads" in other["shares"]
