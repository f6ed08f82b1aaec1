"""The published tables as a Frictionless Data Package (https://datapackage.org)."""

from typing import Any

import pandas as pd

from generator.edition import DESCRIPTION, Edition
from generator.metric import Metric
from generator.results import Results


def data_package(results: Results, edition: Edition) -> dict[str, Any]:
    """The descriptor: one resource a table, its CSV file, with every column's type and meaning."""
    return {
        "profile": "tabular-data-package",
        "name": "open-model-report",
        "title": edition.title,
        "description": f"{'SIMULATED demo data. ' if edition.simulated else ''}{DESCRIPTION}",
        "version": edition.id,
        **({"homepage": edition.url} if edition.address else {}),
        "licenses": [{"name": edition.licence, "path": f"https://spdx.org/licenses/{edition.licence}"}],
        "sources": [{"title": results.source.label}],
        "contributors": [{"title": edition.publisher, "role": "publisher"}],
        "resources": [_resource(metric, results.tables[name]) for name, metric in results.metrics.items()],
    }


def _resource(metric: Metric, table: pd.DataFrame) -> dict[str, Any]:
    return {
        "name": metric.id,
        "profile": "tabular-data-resource",
        "path": f"{metric.id}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "title": metric.title,
        "description": metric.definition,
        "schema": {
            "fields": [
                {"name": name, "type": column_type(table[name]), "description": metric.describe(name)}
                for name in metric.columns
            ],
            "missingValues": [""],
        },
    }


def column_type(column: pd.Series) -> str:
    """A column's type by its values; of an empty one nothing is claimed."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    return {
        "string": "string",
        "integer": "integer",
        "floating": "number",
        "mixed-integer-float": "number",
        "boolean": "boolean",
        "date": "date",
    }.get(kind, "any")
