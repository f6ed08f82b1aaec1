"""What changed since the report date before."""

from collections.abc import Mapping
from typing import Any

from generator.facts import FactBook
from generator.findings.changes import RANKINGS, entrants, leader, moves, previous_date, revised

TITLES = ("Countries, new models", "Countries, all models", "Developers", "Families")


def context(book: FactBook) -> Mapping[str, Any]:
    """For each ranking its leader, its largest moves and its newcomers; and what was revised."""
    return {
        "since": previous_date(book),
        "revised": revised(book),
        "sections": [
            {
                "title": title,
                "metric": ranking.metric,
                "of": ranking.of,
                "leader": leader(book, ranking),
                "moves": moves(book, ranking),
                # Countries are few; who enters their first ten is no news.
                "entrants": entrants(book, ranking) if ranking.of != "country" else None,
            }
            for title, ranking in zip(TITLES, RANKINGS, strict=True)
        ],
    }
