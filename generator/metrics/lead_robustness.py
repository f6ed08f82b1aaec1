"""Is the lead an artefact of how new models and downloads are defined?

Every definition is a point of a *multiverse* (a *specification curve*): one setting for each choice that a careful
reader could make otherwise. The models are read once and summed into cells by what the choices can tell apart; the
definitions then add up cells, so that the cost grows with the models and not with models times definitions.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product

import ibis
import pandas as pd
from ibis.expr.types import BooleanValue, Table

from generator.attribution import LENSES, UNATTRIBUTED
from generator.dataset import among
from generator.engines import kept, kept_in_turn
from generator.flows import Flows
from generator.metric import USUAL_CAVEATS, Metric
from generator.metrics.overtake import COUNTRY, OTHER_COUNTRY
from generator.sums import by_lens
from generator.windows import ALL_TIME, FIRST_YEAR_DAYS, THIRTY_DAYS

COHORT_DAYS = {6: 182, 12: FIRST_YEAR_DAYS, 24: 2 * FIRST_YEAR_DAYS}
"""A cohort holds the models that are less than so many days old, by its name in months."""

CAPPED = "all-time-capped"
BASES = ("snapshot-30-day", "all-time", CAPPED)
CAP_PARTS = 100
"""With a cap, no model counts for more than one part in so many of its cohort's all-time downloads."""

DECIMALS = 12

RULES = {
    "with_intermediaries": "no-intermediaries",
    "with_quantised": "no-quantised",
    "with_largest_model": "no-largest",
    "with_encoders": "no-encoders",
}
"""The columns of the inclusion rules, and how an id says that the rule leaves its models out."""

HEADLINE = "12m/publisher/all-time/everything"
"""The definition of the headline, the cohort reading: the others each change something about it."""

ENCODER_TASKS = (
    "audio-classification",
    "feature-extraction",
    "fill-mask",
    "image-classification",
    "image-feature-extraction",
    "question-answering",
    "sentence-similarity",
    "text-classification",
    "text-ranking",
    "token-classification",
    "zero-shot-classification",
    "zero-shot-image-classification",
)
"""Tasks whose models turn an input into a vector, a label or a span: they read, and generate nothing."""

QUANTISED_FORMATS = ("gguf", "ggml", "awq", "gptq", "exl2", "exl3")
QUANTISED_NAME = r"(^|[^a-z])(gguf|ggml|awq|gptq|exl2|exl3|bnb-[48]bit)($|[^a-z])"

# What a cell of summed models is known by, and what is summed up in it.
_CELL = ("as_of", "cohort_months", "lens", "basis", "intermediary", "quantised", "encoder")
_SUMS = {"share": COUNTRY, "other_share": OTHER_COUNTRY, "unattributed_share": UNATTRIBUTED}


def specifications() -> pd.DataFrame:
    """Every definition: specification (its id), cohort_months, lens, basis and the inclusion rules as booleans.

    Example:
        >>> len(specifications())
        288
    """
    rows = []
    for months, lens, basis, *included in product(COHORT_DAYS, LENSES, BASES, *[(True, False)] * len(RULES)):
        without = [name for name, kept in zip(RULES.values(), included, strict=True) if not kept]
        name = f"{months}m/{lens}/{basis}/{'+'.join(without) or 'everything'}"
        rows.append((name, months, lens, basis, *included))
    return pd.DataFrame(rows, columns=["specification", "cohort_months", "lens", "basis", *RULES])


def cohorts(flows: Flows) -> Table:
    """The models of every cohort with their downloads on every basis.

    Returns:
        as_of, cohort_months, basis, model, size (its downloads before any cap) and hundredths (of downloads, as the
        basis counts them: whole numbers with a cap as well, so that their sums do not depend on the order).
    """
    read = ibis.union(flows.readings, flows.flows.filter(flows.flows.series == THIRTY_DAYS))
    aged = read.filter(read.created_on.notnull()).select(
        "model",
        "downloads",
        as_of=read.closed,
        basis=ibis.ifelse(read.series == ALL_TIME, "all-time", "snapshot-30-day"),
        age=read.closed.delta(read.created_on, unit="day"),
    )
    windows = ibis.memtable(
        pd.DataFrame({"cohort_months": list(COHORT_DAYS), "days": list(COHORT_DAYS.values())})
    ).mutate(cohort_months=lambda row: row.cohort_months.cast("int64"))
    young = aged.join(windows, aged.age < windows.days)
    counted = young.select(
        "as_of", "cohort_months", "basis", "model", size="downloads", hundredths=young.downloads * CAP_PARTS
    )
    ever = counted.filter(counted.basis == "all-time")
    by_cohort = ever.group_by(["as_of", "cohort_months"])
    # Kept, so that whoever takes some models after others does not have all of them added up each time.
    totals = kept(
        flows.data.backend, "cohort_totals", lambda: by_cohort.aggregate(total=ever["size"].sum().cast("int64"))
    )
    capped = ever.inner_join(totals, ["as_of", "cohort_months"]).mutate(basis=ibis.literal(CAPPED))
    capped = capped.mutate(hundredths=ibis.least(capped.hundredths, capped.total)).drop("total")
    return ibis.union(counted, capped)


def is_quantised(models: Table) -> BooleanValue:
    """Whether a model is a quantised copy: by its relation to its base model, its library, its tags or its name."""
    tags = models.tags.map(lambda tag: tag.lower())
    by_tag = [tags.contains(name).fill_null(False) for name in QUANTISED_FORMATS]
    name = models.model_id.lower().re_replace("^[^/]*/", "")
    return ibis.or_(
        (models.base_relation == "quantized").fill_null(False),
        models.library_name.lower().isin(QUANTISED_FORMATS).fill_null(False),
        name.re_search(QUANTISED_NAME).fill_null(False),
        *by_tag,
    )


def compute(flows: Flows) -> Table:
    """The margin between China and the United States under every definition, at every report date."""
    cells = _cells(flows)
    listed = ibis.memtable(specifications()).mutate(cohort_months=lambda row: row.cohort_months.cast("int64"))
    rules = listed.join(
        flows.data.snapshots.filter(flows.data.snapshots.report_date).select("as_of"), ibis.literal(True)
    )
    key = ["as_of", "specification"]
    chosen = rules.inner_join(
        cells,
        [
            *(rules[name] == cells[name] for name in ("as_of", "cohort_months", "lens", "basis")),
            rules.with_intermediaries | ~cells.intermediary,
            rules.with_quantised | ~cells.quantised,
            rules.with_encoders | ~cells.encoder,
        ],
    )
    chosen = chosen.select(
        *key, "with_largest_model", *(f"{name}_hundredths" for name in _SUMS), "total", "top_country", "top_hundredths",
        place=ibis.row_number().over(
            ibis.window(group_by=key, order_by=[ibis.desc(chosen.top_size), ibis.asc(chosen.top_model)])
        ),
    )  # fmt: skip
    # The largest model of a definition is the largest of the largest of its cells.
    left_out = (chosen.place == 0) & ~chosen.with_largest_model
    taken = ibis.ifelse(left_out, chosen.top_hundredths, 0)
    summed = chosen.group_by(key).aggregate(
        total=(chosen.total - taken).sum(),
        **{
            name: (chosen[f"{name}_hundredths"] - ibis.ifelse(chosen.top_country == country, taken, 0)).sum()
            for name, country in _SUMS.items()
        },
    )
    shares = summed.filter(summed.total > 0).select(*key, **{name: summed[name] / summed.total for name in _SUMS})
    margins = rules.left_join(shares, key).drop("as_of_right", "specification_right")
    # Sums of floating-point numbers: a tie must not be broken by their last digit.
    margins = margins.mutate(margin=(margins["share"] - margins["other_share"]).round(DECIMALS))
    margins = margins.mutate(
        lower=(margins.margin - margins.unattributed_share).round(DECIMALS),
        upper=(margins.margin + margins.unattributed_share).round(DECIMALS),
        leads=margins.margin > 0,
    )
    at_date = ibis.window(group_by="as_of")
    return (
        margins.mutate(
            definitions=margins.margin.count().over(at_date),
            leading=margins.leads.fill_null(False).cast("int64").sum().over(at_date),
            trailing=(margins.margin < 0).fill_null(False).cast("int64").sum().over(at_date),
            leading_surely=(margins.lower > 0).fill_null(False).cast("int64").sum().over(at_date),
        )
        .select(*METRIC.columns)
        .order_by(
            ["as_of", "cohort_months", "lens", "basis", *(ibis.desc(name) for name in RULES)],
        )
    )


def _cells(flows: Flows) -> Table:
    """Summed models that no definition tells apart, with the largest model of each; of two, the first by name."""
    data = flows.data
    rows = cohorts(flows)
    made = partial(_alike, flows, rows)
    summed = kept_in_turn(data.backend, "cohort_cells", made, data.numbers, 3 * data.rows)
    kinds = flows.attribution.kinds
    told = summed.inner_join(kinds.mutate(intermediary=kinds.publisher_role == "intermediary"), "kind")
    owned = by_lens(told)
    by_size = ibis.window(group_by=list(_CELL), order_by=[ibis.desc("top_size"), ibis.asc("top_model")])
    placed = owned.mutate(top=ibis.row_number().over(by_size) == 0)
    return placed.group_by(list(_CELL)).aggregate(
        total=placed.total.sum(),
        top_model=placed.top_model.max(where=placed.top),
        top_country=placed.country.max(where=placed.top),
        top_size=placed.top_size.max(),
        top_hundredths=placed.top_hundredths.max(where=placed.top),
        **{
            f"{name}_hundredths": placed.total.sum(where=placed.country == country).fill_null(0)
            for name, country in _SUMS.items()
        },
    )


def _alike(flows: Flows, young: Table, numbers: Sequence[int]) -> Table:
    """Some models of :func:`cohorts` added up by what definitions tell apart, and by kind; with the largest of each."""
    young, models, owners = (among(table, numbers) for table in (young, flows.data.models, flows.owners))
    traits = models.select(
        "model",
        quantised=is_quantised(models),
        encoder=models.pipeline_tag.isin(ENCODER_TASKS).fill_null(False),
    )
    rows = young.inner_join(traits, "model").inner_join(owners.select("model", "kind"), "model")
    # The largest before the cap has the most downloads after it too.
    return rows.group_by(["as_of", "cohort_months", "basis", "kind", "quantised", "encoder"]).aggregate(
        total=rows.hundredths.sum().cast("int64"),
        top_size=rows["size"].max(),
        top_model=rows.model.argmax(ibis.struct({"size": rows["size"], "model": -rows.model})),
        top_hundredths=rows.hundredths.max(),
    )


METRIC = Metric(
    id="lead-robustness",
    title="The lead under every definition",
    question="Is the lead an artefact of the definition?",
    definition=(
        f"The share of China minus that of the United States in the downloads of new models, under every "
        f"combination of seven choices: models less than {', '.join(map(str, COHORT_DAYS.values()))} days old; "
        "publisher or origin; the last 30 days, all downloads since creation, or these with a cap for each model "
        f"of {1 / CAP_PARTS:.0%} of the cohort's total; and with or without (a) repositories of publishers that the "
        "registry calls intermediaries, (b) quantised copies (relation quantized, or GGUF, GGML, AWQ, GPTQ, EXL2, "
        "EXL3 in library, tags or name, or bnb-4bit, bnb-8bit in the name), (c) the single most downloaded of the "
        f"models that are left, (d) models for these tasks, which read and do not generate: {', '.join(ENCODER_TASKS)}."
    ),
    unit="fraction of downloads (difference of two shares)",
    columns=(
        "as_of",
        "specification",
        "cohort_months",
        "lens",
        "basis",
        *RULES,
        "share",
        "other_share",
        "unattributed_share",
        "margin",
        "lower",
        "upper",
        "leads",
        "definitions",
        "leading",
        "trailing",
        "leading_surely",
    ),
    own_columns=(
        ("specification", f"Stable id of the definition; that of the headline is {HEADLINE}."),
        ("cohort_months", "Age below which a model counts as new, in months (182, 365 or 730 days)."),
        (
            "basis",
            "snapshot-30-day (the 30-day count), all-time (the counter since creation) or all-time-capped (the same "
            "with each model cut off at the cap).",
        ),
        ("with_intermediaries", "Whether repositories published by intermediaries count."),
        ("with_quantised", "Whether quantised copies count."),
        ("with_largest_model", "Whether the most downloaded of the models left counts."),
        ("with_encoders", "Whether embedding models, encoders and classifiers count."),
        ("share", "China's share under this definition; empty where it leaves no downloads."),
        ("other_share", "The share of the United States."),
        ("unattributed_share", "Share of the downloads that the registry cannot attribute."),
        ("margin", "share minus other_share."),
        ("lower", "The margin if all unattributed downloads belonged to the United States."),
        ("upper", "The margin if all unattributed downloads belonged to China."),
        ("leads", "Whether China is ahead."),
        ("definitions", "Number of definitions at this date that leave any downloads."),
        ("leading", "Number of them under which China is ahead."),
        ("trailing", "Number of them under which the United States is ahead."),
        ("leading_surely", "Number of them under which China is ahead whatever the unattributed downloads are."),
    ),
    caveats=(
        *USUAL_CAVEATS,
        "The definitions overlap and are no random sample: their number measures how much rests on our choices, and "
        "is no probability.",
        "Where a cohort holds fewer models than the cap allows for, the capped reading comes near to counting models.",
        "A model without a download counter at a date is in none of its definitions for that date.",
    ),
    source="Specification curve after Simonsohn, Simmons and Nelson (Nature Human Behaviour, 2020).",
    compute=compute,
)
