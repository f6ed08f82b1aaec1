"""A seeded simulation of a Hub whose truth is known: for a report without a network, for tests and for scale.

Who the simulated developers are, how much of the new downloads they hold, how often they release and how
often others build on them stands in ``developers.csv``. Every model's counter follows a closed form of
its age, ``scale * (age / (age + half) + tail * age / 365)``, so any counter of any day is exact; the scales
are fitted once so that each country's share of the downloads of new models follows the planted path.
:func:`truth` is then counted from the simulation's own arrays, not taken from the plan.

The namespaces are those of real publishers, so that attribution has something to do; every model in them is
made up and says so in its name.

Models are drawn first (``lineage``, ``traits``, ``models``), then get their ``downloads``, and a few of them
their ``faults``; ``world`` holds it all, and ``tables`` and ``truth`` read it.
"""

from generator.sources.demo.developers import Developer, developers
from generator.sources.demo.plan import Demo
from generator.sources.demo.tables import snapshots
from generator.sources.demo.truth import Truth, truth

__all__ = ["Demo", "Developer", "Truth", "developers", "snapshots", "truth"]
