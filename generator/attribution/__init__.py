"""Who published a model, whose work it descends from, and which family it belongs to.

Two lenses are always kept apart: *publisher* (who uploaded the repository) and *origin* (who developed the model
at the root of its lineage). What the registry does not know is ``unattributed``; it stays in every denominator.
"""

from generator.attribution.lenses import LENSES, UNATTRIBUTED, Attribution, attribute

__all__ = ["LENSES", "UNATTRIBUTED", "Attribution", "attribute"]
