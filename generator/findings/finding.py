"""What a finding is."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Finding:
    """A checked sentence.

    ``condition`` says which wording was chosen (``lead``, ``tie``, ``reversed``, ``no-data``, …); ``metric`` is
    the table that the sentence can be checked against.
    """

    id: str
    condition: str
    text: Markup
    metric: str
