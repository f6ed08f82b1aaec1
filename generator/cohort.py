"""The cohort: models created in the 365 days up to a report date, as several metrics measure it."""

from collections.abc import Sequence

from ibis.expr.types import Table


def new_models(rows: Table) -> Table:
    """The rows of ``flows.downloads`` or ``flows.attributed`` that belong to new models."""
    return rows.filter(rows.window_months.notnull() & rows.new)


def new_models_by(rows: Table, within: Sequence[str]) -> Table:
    """The same as one row a model: ``within``, model_id and downloads.

    Args:
        rows: ``flows.downloads`` or ``flows.attributed``.
        within: the columns that identify a window, and whatever else depends on the model alone.
    """
    cohort = new_models(rows)
    return cohort.group_by([*within, "model_id"]).aggregate(downloads=cohort.downloads.sum())
