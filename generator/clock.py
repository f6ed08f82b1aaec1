"""When a build takes place, as what it writes says."""

import os
from datetime import UTC, datetime


def moment() -> datetime:
    """Now, or what SOURCE_DATE_EPOCH sets so that a build can be repeated to the byte.

    Example:
        >>> os.environ["SOURCE_DATE_EPOCH"] = "1779235200"  # doctest: +SKIP
        >>> moment().isoformat()  # doctest: +SKIP
        '2026-05-20T00:00:00+00:00'
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC).replace(microsecond=0)
