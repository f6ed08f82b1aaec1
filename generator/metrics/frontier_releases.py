"""Which labs open the weights of their best models, and which do not?"""

import ibis
import pandas as pd
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import Metric
from generator.references.openness import FrontierRelease, frontier_releases

SINCE = "2024-01"


def compute(flows: Flows) -> Table:
    """The register of releases; the archive plays no part in it."""
    return register(frontier_releases())


def register(releases: tuple[FrontierRelease, ...]) -> Table:
    """The table of given releases, with a running number of each country's open and closed ones."""
    schema = ibis.schema(dict.fromkeys(FrontierRelease.model_fields, "string"))
    frame = pd.DataFrame([item.model_dump() for item in releases], columns=list(FrontierRelease.model_fields))
    rows = ibis.memtable(frame, schema=schema)
    counted = ibis.ifelse(rows.date >= SINCE, 1, 0).sum()
    order = ["date", "lab", "release"]
    running = ibis.window(group_by=["country", "weights"], order_by=order, preceding=None, following=0)
    return rows.mutate(number=counted.over(running).cast("int64")).select(*METRIC.columns).order_by(["country", *order])


METRIC = Metric(
    id="frontier-releases",
    title="Frontier releases with open and with closed weights",
    question="Which labs open the weights of their best models?",
    definition=(
        "A register, kept by hand, of well-known releases of large models by the labs' own announcements: whether "
        "the weights could be downloaded when the model was announced. It holds no figure of the Hub."
    ),
    unit="releases",
    columns=("lab", "organisation", "country", "release", "date", "weights", "number", "source_url", "note"),
    own_columns=(
        ("lab", "Name under which the model was released."),
        ("release", "Name of the model or of the models announced together."),
        ("date", "Month of the announcement (YYYY-MM)."),
        ("weights", "open: the weights could be downloaded, under whatever licence; closed: they could not."),
        (
            "number",
            f"How many releases of the country with such weights the register holds from {SINCE} up to this row; "
            "0 before.",
        ),
        ("source_url", "The lab's own announcement."),
        ("note", "Licence of the weights and other remarks."),
    ),
    caveats=(
        "The register is a choice of well-known releases and no count of all: a lab that releases much in small "
        "steps could fill it at will, and others are missing.",
        "Open weights are not open source: many of these licences restrict use, as the notes say.",
        "The country is that of the lab's seat.",
    ),
    source="The labs' announcements, linked in every row.",
    compute=compute,
)
