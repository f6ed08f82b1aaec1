"""Sentences with conditions: what the tables say, in words that hold only where the tables bear them out."""

from generator.findings.finding import Finding
from generator.findings.leadership import leadership, overtaking
from generator.findings.market import concentration, developers, families, sectors, whole_market
from generator.findings.scope import scope

__all__ = [
    "Finding",
    "concentration",
    "developers",
    "families",
    "leadership",
    "overtaking",
    "scope",
    "sectors",
    "whole_market",
]
