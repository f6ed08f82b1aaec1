"""Tables that are kept by hand as CSV, read row by row against their schema."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from generator.errors import ReportError

Row = TypeVar("Row", bound=BaseModel)


def read(path: Path, schema: type[Row], mend: str = "mend the row") -> Iterator[tuple[int, Row]]:
    """The rows of a table with the numbers of their lines.

    Args:
        path: the CSV file, its first line the names of the schema's fields.
        schema: what each row has to be.
        mend: what an error tells its reader to do.

    Raises:
        ReportError: naming file, line and field of the first row that breaks the schema, or the file that is no
            UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: cannot be read as UTF-8 text ({error}); restore the file.") from None
    with io.StringIO(text, newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                yield reader.line_num, schema.model_validate(row)
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"])
                raise ReportError(
                    f"{path}, line {reader.line_num}, field {where}: {fault['msg']} (found {fault['input']!r}); {mend}."
                ) from None


def rows(path: Path, schema: type[Row]) -> tuple[Row, ...]:
    """The same without the numbers of lines, all at once.

    Raises:
        ReportError: as :func:`read` does.
    """
    return tuple(row for _, row in read(path, schema))
