"""Spark as the engine of metrics, for archives that one machine is too small for; from the extra ``[spark]``.

Everything that can be said to Spark from outside (the master, memory, storage) is left to its own configuration,
``spark-defaults.conf`` or ``PYSPARK_SUBMIT_ARGS``; what is set here is what the figures depend on.
"""

import tempfile
import warnings
from pathlib import Path

import ibis
from ibis.backends import BaseBackend

from generator.errors import ReportError


def connect(folder: Path | None = None) -> BaseBackend:
    """Open Spark through Ibis.

    Args:
        folder: where working tables go; on a cluster, a folder that all of its machines share. A new folder of the
            system's for temporary files if none is given.

    Raises:
        ReportError: PySpark or Java is missing, or Spark does not start.
    """
    # PySpark 4.3 says of every exchange with pandas 3 that it does not yet support all of it. What is exchanged here
    # are small tables of constants and results, and the tests compare each of them with DuckDB's.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise ReportError(
            'engine = "spark" needs PySpark, which is not installed; add it with `pip install --editable ".[spark]"`.'
        ) from None
    warehouse = folder or Path(tempfile.mkdtemp(prefix="open-model-report-"))
    try:
        session = (
            SparkSession.builder.appName("open-model-report")
            .config("spark.sql.warehouse.dir", str(warehouse.resolve()))
            # Days are days of UTC on every machine.
            .config("spark.sql.session.timeZone", "UTC")
            # A cast that fails gives null, as in DuckDB's try_cast, and a sum of 64 bits does not stop the report.
            .config("spark.sql.ansi.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
    except (PySparkException, PySparkRuntimeError) as error:
        raise ReportError(
            f"Spark does not start ({error}); it needs Java 17 or newer, found through JAVA_HOME."
        ) from None
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)
