"""Tables that are kept by hand as CSV, read row by row against their schema."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from generator.errors import ReportError

Row = TypeVar("Row", bound=BaseModel)


def read(path: Path, schema: type[Row]) -> Iterator[tuple[int, Row]]:
    """The rows of a table with the numbers of their lines.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                yield reader.line_num, schema.model_validate(row)
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"])
                raise ReportError(
                    f"{path}, line {reader.line_num}, field {where}: {fault['msg']} (found {fault['input']!r}); "
                    "mend the row."
                ) from None
