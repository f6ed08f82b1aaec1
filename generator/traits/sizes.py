"""How large a model is, and whether it is quantised, a mixture of experts or distilled.

The Hub states the number of parameters for most repositories: from the headers of the safetensors files or of a
GGUF file. Where it states none, the name often does ("7B"). Packed low-bit weights need care: an I32 element of a
GPTQ or AWQ file holds eight 4-bit weights, a U8 element of a bitsandbytes file two. The Hub's index counts some of
them packed and some unpacked, so the reading nearest to what the name or a GGUF header says is taken.
"""

import ibis
from ibis.expr.types import FloatingValue, IntegerValue, StringValue, Table

from generator.dataset import Dataset
from generator.engines import kept

TABLE = "model_sizes"

SIZE_CLASSES: tuple[tuple[str, float], ...] = (
    ("<1B", 0.0),
    ("1–3B", 1e9),
    ("3–10B", 3e9),
    ("10–40B", 10e9),
    ("40–100B", 40e9),
    ("≥100B", 100e9),
)
"""Labels and lower bounds in parameters; each class ends where the next begins.

The cuts follow the hardware: below 1 billion runs anywhere, up to 3 on a phone, up to 10 on a laptop or a small
graphics card, up to 40 on one large card, up to 100 on one server, and above that on several cards or servers. A
model is classed by what was counted, so that one that calls itself 3B and has 3.2 billion is in 3–10B.
"""
UNKNOWN = "unknown"
SMALL_BOUND = 10e9
"""Ten billion parameters: the bound below which a model is called small here."""

MOST_PARAMETERS = 1e15
TOLERANCE = 0.3
"""How far packed weights, as counted, may lie from what the name says before the name is believed."""
PACKED_SHARE = 0.1
LOW_BIT_SHARE = 0.5

_END = "(?:$|[^0-9a-z])"
# No letter before, so that A3B (active) and E2B (effective) are not taken for totals; two letters may (Qwen0.5B).
_BEFORE = "(?:^|[^0-9a-z.]|[a-z][a-z])"
_NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,3})?"
_TOTAL = f"{_BEFORE}({_NUMBER}b|[0-9]{{2,3}}(?:\\.[0-9]+)?m){_END}"
_UNDERSCORED = f"-([0-9])_([0-9]{{1,2}})b{_END}"
_ACTIVE = f"(?:^|[^0-9a-z.])a({_NUMBER}[bm]){_END}"
_EFFECTIVE = f"(?:^|[^0-9a-z.])e({_NUMBER}b){_END}"
_ACTIVE_BEFORE_EXPERTS = f"{_BEFORE}({_NUMBER}b)-[0-9]+e{_END}"
_ACTIVE_AND_TOTAL = f"moe-({_NUMBER}b)-({_NUMBER}b){_END}"
_EXPERTS_TIMES_SIZE = f"([0-9]{{1,3}})x({_NUMBER}b){_END}"
_SIZE_TIMES_EXPERTS = f"({_NUMBER}b)x([0-9]{{1,3}}){_END}"

_MOE_NAME = f"moe{_END}|mixtral|{_ACTIVE}|{_EXPERTS_TIMES_SIZE}|{_SIZE_TIMES_EXPERTS}|{_ACTIVE_BEFORE_EXPERTS}"
# granitemoehybrid is absent on purpose: dense models carry it too.
_MOE_TAGS = (
    " (moe|frankenmoe|latent-moe|mixture-of-experts|[a-z0-9_.]+[_-]moe(_[a-z0-9_]+)?|mixtral|dbrx|jamba|olmoe|phimoe"
    "|granitemoe|afmoe|gpt_oss|llama4|qwen3_next|glm_moe_dsa|deepseek_v[234][0-9]*|deepseek_vl_v2|kimi_k2[a-z0-9]*"
    "|kimi_linear|minimax_m[12][a-z0-9]*|switch_transformers) "
)
_QUANTISED_NAME = (
    "(?:^|[^a-z])(?:gguf|ggml|gptq|gptqmodel|awq|bnb|nf4|exl[23]|hqq|aqlm|eetq|auto-?round|quanti[sz]ed)(?:$|[^a-z])"
    f"|(?:^|[^0-9a-z.])(?:[2-8]-?bit|int[248]|w[48]a(?:4|8|16)|(?:nv|mx)?fp[48]|q[2-8]_[0-9k][a-z0-9_]*){_END}"
)
_QUANTISED_TAGS = (
    " (gptq|gptqmodel|awq|bitsandbytes|bnb|[2-8]-?bit|int[248]|(nv|mx)?fp[48]|compressed-tensors|exl[23]|hqq"
    "|aqlm|auto-round|quantized|w[48]a(4|8|16)) "
)
_DTYPES = (
    *("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4"),
    *("I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"),
)


def sizes(data: Dataset) -> Table:
    """The size traits of every model, computed once a data set and kept in its engine.

    Returns:
        model, parameters (true total, null if unknown), parameters_source (``safetensors`` | ``gguf`` | ``name``
        | null), active_parameters (used for each token; the total for a dense model, null if unknown), size_class
        (a label of :data:`SIZE_CLASSES` or ``unknown``), is_quantised, is_moe and is_distilled (never null).
    """
    return kept(data.backend, TABLE, lambda: data.numbered(classify(data.models)))


def classify(models: Table) -> Table:
    """The expression behind :func:`sizes`.

    Args:
        models: model_id, library_name, tags, base_models, base_relation, parameters, parameters_by_dtype and
            gguf_parameters.

    The rules, in this order:

    1. Safetensors: the larger of the Hub's total and the sum over data types. Scales (F8_E8M0) are no parameters,
       and an I8 element beside them holds two 4-bit weights. If there are I32, U32 or U8 elements, three readings
       compete: as counted, unpacked (32 or 8 bits divided by the bits that the name states, else by 4), and without
       U8 (masks). The one nearest to the GGUF header's total, else to the name's, else (of a quantised copy) to
       the base model's name is taken; where packed elements are above a tenth of all and even the nearest is more
       than 30% off, the other figure is taken in its place. With nothing to compare, as counted.
    2. GGUF: the header's total.
    3. The name: the first figure such as 7B, 0.5B or 135M. 30B-A3B is 30 in all with 3 active; 8x7B and 7Bx8 are
       8 × 7, an upper bound since experts share layers, with two experts active; OLMoE-1B-7B is 1 active of 7;
       17B-16E and E2B state active (effective) parameters and no total. An adapter's name states its base's size
       and is not used.
    """
    lowered = models.model_id.lower()
    name = lowered.re_replace("^[^/]*/", "")
    own_tags = models.tags.filter(lambda tag: ~tag.contains(":"))
    text = models.select(
        "model_id",
        "parameters",
        "gguf_parameters",
        name=name,
        # Only the tags that speak of the repository itself, not those that name its base, data or papers.
        tags=ibis.literal(" ") + own_tags.join("  ").lower().fill_null("") + ibis.literal(" "),
        library=models.library_name.lower().fill_null(""),
        relation=models.base_relation.fill_null(""),
        base=models.base_models[0].lower().re_replace("^[^/]*/", ""),
        by_dtype=models.parameters_by_dtype,
    )
    counted = text.mutate(**{f"n_{dtype}": _elements(text.by_dtype, dtype) for dtype in _DTYPES})
    scales = counted.n_F8_E8M0
    packed_int8 = ibis.ifelse(scales > 0, counted.n_I8, 0.0)
    total = sum((counted[f"n_{dtype}"] for dtype in _DTYPES), ibis.literal(0.0))
    is_moe = counted.name.re_search(_MOE_NAME) | counted.tags.re_search(_MOE_TAGS)
    weighed = counted.mutate(
        counted_parameters=(
            ibis.greatest(counted.parameters.fill_null(0).cast("float64"), total) - scales + packed_int8
        ).nullif(0.0),
        words=counted.n_I32 + counted.n_U32,
        low_bit=counted.n_I32 + counted.n_U32 + counted.n_U8 + counted.n_F4 + counted.n_F8_E4M3 + counted.n_F8_E5M2
        + packed_int8,
        bits=_bits(counted.name),
        gguf=counted.gguf_parameters.cast("float64").nullif(0.0),
        named=ibis.ifelse(
            (counted.relation == "adapter") | (counted.library == "peft"),
            ibis.null("float64"),
            named_total(counted.name),
        ),
        base_named=ibis.ifelse(counted.relation == "quantized", named_total(counted.base), ibis.null("float64")),
        is_moe=is_moe,
        is_distilled=counted.name.contains("distil") | counted.tags.contains("distil"),
    )  # fmt: skip
    claimed = weighed.mutate(claim=ibis.coalesce(weighed.gguf, weighed.named, weighed.base_named))
    unpacked = (
        claimed.counted_parameters
        + claimed.words * (32 / claimed.bits - 1)
        + claimed.n_U8 * (8 / claimed.bits - 1)
    )  # fmt: skip
    read = claimed.mutate(
        tensors=_nearest(claimed.claim, claimed.counted_parameters, unpacked, claimed.counted_parameters - claimed.n_U8)
    )
    packed = read.words + read.n_U8 > PACKED_SHARE * read.counted_parameters
    doubtful = (packed & ((read.tensors / read.claim - 1).abs() > TOLERANCE)).fill_null(False)
    trusted = ibis.ifelse(doubtful, ibis.null("float64"), read.tensors)
    by_name = ibis.coalesce(read.named, read.base_named)
    known = read.mutate(
        parameters=_whole_count(ibis.coalesce(trusted, read.gguf, by_name)),
        parameters_source=ibis.cases(
            (trusted.notnull(), "safetensors"),
            (read.gguf.notnull(), "gguf"),
            (by_name.notnull(), "name"),
            else_=ibis.null("string"),
        ),
        named_active=named_active(read.name),
        # The Hub infers "quantized" from any GGUF or ONNX file; weights known to be in 16 bits or more refute it.
        is_quantised=((read.relation == "quantized") & ~(read.by_dtype.notnull() & (read.low_bit == 0)))
        | read.library.isin(["gguf", "llama.cpp"])
        # A GGUF file beside the weights of another library is an offer on top, not a quantised repository.
        | ((read.library == "") & read.tags.contains(" gguf "))
        | read.name.re_search(_QUANTISED_NAME)
        | read.tags.re_search(_QUANTISED_TAGS)
        | (read.low_bit >= LOW_BIT_SHARE * read.counted_parameters).fill_null(False),
    )
    return known.select(
        "model_id",
        "parameters",
        "parameters_source",
        active_parameters=ibis.cases(
            (known.named_active >= known.parameters, known.parameters.cast("float64")),
            (known.named_active.notnull(), known.named_active),
            (known.is_moe, ibis.null("float64")),
            else_=known.parameters.cast("float64"),
        ).pipe(_whole_count),
        size_class=size_class(known.parameters.cast("float64")),
        is_quantised=known.is_quantised,
        is_moe=known.is_moe,
        is_distilled=known.is_distilled,
    )


def size_class(parameters: FloatingValue) -> StringValue:
    """The label of :data:`SIZE_CLASSES` for a number of parameters, ``unknown`` for null."""
    descending = [(parameters >= bound, label) for label, bound in reversed(SIZE_CLASSES)]
    return ibis.cases(*descending, else_=UNKNOWN)


def named_total(name: StringValue) -> FloatingValue:
    """The total that a lower-case name without its namespace states, null where it states none."""
    underscored = (
        name.re_extract(_UNDERSCORED, 1) + ibis.literal(".") + name.re_extract(_UNDERSCORED, 2) + ibis.literal("b")
    )
    plain = ibis.ifelse(
        name.re_search(_ACTIVE_BEFORE_EXPERTS), ibis.null("float64"), _figure(name.re_extract(_TOTAL, 1))
    )
    return ibis.coalesce(
        ibis.ifelse(name.re_search(_UNDERSCORED), _figure(underscored), ibis.null("float64")),
        _figure(name.re_extract(_ACTIVE_AND_TOTAL, 2)),
        plain,
        _whole(name.re_extract(_EXPERTS_TIMES_SIZE, 1)) * _figure(name.re_extract(_EXPERTS_TIMES_SIZE, 2)),
        _whole(name.re_extract(_SIZE_TIMES_EXPERTS, 2)) * _figure(name.re_extract(_SIZE_TIMES_EXPERTS, 1)),
    )  # fmt: skip


def named_active(name: StringValue) -> FloatingValue:
    """The active parameters that a lower-case name states; two experts' where it states only their size."""
    return ibis.coalesce(
        _figure(name.re_extract(_ACTIVE, 1)),
        _figure(name.re_extract(_ACTIVE_BEFORE_EXPERTS, 1)),
        _figure(name.re_extract(_ACTIVE_AND_TOTAL, 1)),
        _figure(name.re_extract(_EFFECTIVE, 1)),
        2 * _figure(name.re_extract(_EXPERTS_TIMES_SIZE, 2)),
        2 * _figure(name.re_extract(_SIZE_TIMES_EXPERTS, 1)),
    )


def _whole_count(parameters: FloatingValue) -> IntegerValue:
    """Rounded; what no model has, a made-up header's figure say, counts as unknown."""
    return ibis.ifelse(parameters < MOST_PARAMETERS, parameters, ibis.null("float64")).round().cast("int64")


def _elements(by_dtype: StringValue, dtype: str) -> FloatingValue:
    return _whole(by_dtype.re_extract(f'"{dtype}" *: *([0-9]+)', 1)).fill_null(0.0)


def _whole(digits: StringValue) -> FloatingValue:
    return digits.nullif("").try_cast("float64")


def _figure(written: StringValue) -> FloatingValue:
    """ "7b" as 7e9 and "135m" as 135e6; null for nothing and for nought."""
    unit = ibis.ifelse(written.right(1) == "m", 1e6, 1e9)
    return (written.re_replace("[bm]$", "").nullif("").try_cast("float64") * unit).nullif(0.0)


def _bits(name: StringValue) -> FloatingValue:
    """Bits a weight, as the name says; 4 where it does not."""
    stated = ibis.coalesce(
        _whole(name.re_extract("([2348])-?bit", 1)),
        _whole(name.re_extract(f"int([248]){_END}", 1)),
        _whole(name.re_extract("(?:^|[^0-9a-z])w([48])a", 1)),
    )
    return stated.fill_null(4.0)


def _nearest(claim: FloatingValue, *readings: FloatingValue) -> FloatingValue:
    """The reading whose ratio to the claim is nearest to one; the first where there is no claim or on a tie."""
    best = readings[0]
    for reading in readings[1:]:
        nearer = (reading > 0) & (_apart(reading, claim) < _apart(best, claim))
        best = ibis.ifelse(nearer.fill_null(False), reading, best)
    return best


def _apart(reading: FloatingValue, claim: FloatingValue) -> FloatingValue:
    # A reading of nothing has no logarithm; as null it is never the nearer one.
    return (reading.nullif(0.0).abs() / claim).ln().abs()
