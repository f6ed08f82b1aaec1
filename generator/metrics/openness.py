"""How open are new models: licence, gate and training data?"""

import ibis
from ibis.expr.types import Table

from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.sums import cohort_by
from generator.traits import licences

WITHIN = ("as_of", "window_months", "window_start", "basis")
TRAITS = ("licence_class", "gate", "disclosure")

LICENCE_CAVEATS = (
    "A licence is what the publisher wrote in the model card; nobody checks it, and a derivative may claim a freer "
    "licence than its base allows.",
    "Licences that the Hub's list lacks are written as other, which hides their names: many company licences with "
    "restrictions of use are among them, so the share with restrictions is a lower bound.",
    "Of several licences the first counts.",
)
DISCLOSURE_CAVEAT = (
    "Training data count as disclosed when the model's tags name a data set. That may be the data of fine-tuning "
    "alone, nobody checks whether it is there, and data described in a paper only do not count."
)


def compute(flows: Flows) -> Table:
    """Downloads and number of new models by licence class, gate and disclosure."""
    rows = new_by_openness(flows)
    counted = ibis.union(
        *(
            rows.group_by([*WITHIN, rows[trait].name("value")])
            .aggregate(downloads=rows.downloads.sum().cast("int64"), models=rows.models.sum().cast("int64"))
            .mutate(trait=ibis.literal(trait.replace("_", "-")))
            for trait in TRAITS
        )
    )
    whole = ibis.window(group_by=[*WITHIN, "trait"])
    total = counted.downloads.sum().over(whole)
    return (
        counted.mutate(
            share=counted.downloads / ibis.ifelse(total > 0, total, ibis.null("int64")).cast("float64"),
            models_share=counted.models / counted.models.sum().over(whole).cast("float64"),
        )
        .select(*METRIC.columns)
        .order_by(["as_of", "window_months", "basis", "trait", ibis.desc("downloads"), "value"])
    )


def new_by_openness(flows: Flows) -> Table:
    """New models by the traits of openness, as :func:`generator.sums.cohort_by` has them."""
    return cohort_by(flows, "new_by_openness", licences.openness(flows.data))


METRIC = Metric(
    id="openness",
    title="Openness of new models",
    question="How open are new models: licence, access and training data?",
    definition=(
        "Downloads and number of models created in the 365 days up to the snapshot, by three traits of their own "
        "record. Licence class: open-source (approved by the Open Source Initiative), open-other (any use allowed, "
        "but not on that list: CC0, CC BY and licences for data), restricted (open weights with restrictions of "
        "use: Llama, Gemma, OpenRAIL), non-commercial, other (a licence that no class is known for), none (no "
        "licence stated). Gate: whether files are handed out freely (no), after a form (auto) or after approval "
        "(manual). Disclosure: whether the tags name a data set. Each trait's shares sum to 1; what the source does "
        "not tell is unknown and stays in. Countries play no part, so the table is the same under both lenses."
    ),
    unit="fraction of downloads; fraction of models",
    columns=(*WITHIN, "trait", "value", "downloads", "models", "share", "models_share"),
    own_columns=(
        ("trait", "licence-class, gate or disclosure."),
        ("value", "The licence class, the gate or whether training data are disclosed."),
        ("models", "Number of new models with the trait's value."),
        ("share", "Fraction of the downloads of new models in the window (0 to 1)."),
        ("models_share", "Fraction of the new models (0 to 1)."),
    ),
    caveats=(*USUAL_CAVEATS, *LICENCE_CAVEATS, DISCLOSURE_CAVEAT),
    source=(
        "Open source after the list of the Open Source Initiative; the other classes are this report's own, each "
        "licence with its evidence in generator/traits/licences.csv. The questions follow the MIT / Hugging Face "
        "study of November 2025."
    ),
    compute=compute,
)
