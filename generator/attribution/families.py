"""Families of models (Qwen, Llama, …) by readable rules."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import ibis
from ibis.expr.types import StringValue

from generator.errors import ReportError

RULES = Path(__file__).parent / "families.csv"


@dataclass(frozen=True)
class Rule:
    """A family and the pattern that finds it in a model id; of several that fit, the first listed wins."""

    family: str
    organisation: str
    pattern: str


def load(path: Path = RULES) -> list[Rule]:
    """Read and check the rules.

    Raises:
        ReportError: naming file and line of an incomplete rule or a pattern that is no regular expression.
    """
    rules = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            rule = Rule(row["family"] or "", row["organisation"] or "", row["pattern"] or "")
            if not (rule.family and rule.organisation and rule.pattern):
                raise ReportError(
                    f"{path}, line {reader.line_num}: family, organisation and pattern must all be given."
                )
            try:
                re.compile(rule.pattern)
            except re.error as error:
                raise ReportError(
                    f"{path}, line {reader.line_num}: '{rule.pattern}' is no regular expression ({error})."
                ) from None
            rules.append(rule)
    return rules


def family_of(model_id: StringValue, rules: list[Rule]) -> StringValue:
    """The family whose rule fits a model id (case is ignored), null where none does."""
    return _first_match(model_id, [(rule.pattern, rule.family) for rule in rules])


def developer_of(model_id: StringValue, rules: list[Rule]) -> StringValue:
    """The organisation that develops the family which fits a model id, null where none does."""
    return _first_match(model_id, [(rule.pattern, rule.organisation) for rule in rules])


def _first_match(model_id: StringValue, outcomes: list[tuple[str, str]]) -> StringValue:
    lowered = model_id.lower()
    nothing = ibis.null("string")
    return ibis.cases(*((lowered.re_search(pattern), outcome) for pattern, outcome in outcomes), else_=nothing)
