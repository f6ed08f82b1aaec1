"""The three headline metrics written by hand in Polars, by the same plan as the report's own: what they can cost."""

import sys
from pathlib import Path

import polars as pl

LONG_AGO = pl.date(1970, 1, 1)
YEAR = pl.duration(days=365)
BY = ["series", "closed", "before", "before_opened", "opened", "born", "first_year", "kind"]
FIRST_YEAR = pl.col("opened") - pl.col("created_on") + (pl.col("closed") - pl.col("created_on")) <= 2 * YEAR
MEASURES = ("downloads", "models")


def main(archive: Path, given: Path, into: Path) -> None:
    """Read an archive and what is given of its models and windows; write the three tables."""
    models = pl.scan_parquet(given / "models.parquet")
    closings = pl.read_parquet(given / "closings.parquet")
    kinds = pl.read_parquet(given / "kinds.parquet")
    dates = closings["as_of"].unique()
    seen = (
        pl.scan_parquet(archive / "*" / "models.parquet", hive_partitioning=True, try_parse_hive_dates=True)
        .select("model_id", "downloads_30d", "downloads_all_time", as_of=pl.col("snapshot").cast(pl.Date))
        .filter(pl.col("as_of").is_in(dates.implode()))
        .join(models, on="model_id")
        .drop("model_id")
        .collect(engine="streaming")
        .sort("model", "as_of")
    )
    cells = pl.concat([_counters(seen), _months(seen), _readings(seen)])
    del seen
    market = _market(cells, closings).join(kinds, on="kind")
    window = ["as_of", "window_months", "basis", "window_start"]
    for name, table in {
        "all": _shares(_by_lens(market).filter(pl.col("models") > 0), [*window, "lens"], "country"),
        "new": _shares(_readings_of(_by_lens(market)), [*window, "lens", "reading"], "country"),
        "families": _shares(market.filter(pl.col("models") > 0), window, "family"),
    }.items():
        table.write_parquet(into / f"{name}.parquet")


def _cells(flows: pl.LazyFrame, series: str) -> pl.DataFrame:
    young = pl.col("closed") - pl.col("created_on") <= pl.duration(days=800)
    born = pl.when(young).then("born").otherwise(LONG_AGO)
    settled = flows.with_columns(first_year=FIRST_YEAR.fill_null(False), born=born, was_born="created_on")
    if series == "counters":
        settled = settled.with_columns(
            pl.when(pl.col(name) == pl.col("was_born")).then("born").otherwise(name).alias(name)
            for name in ("opened", "before_opened")
        )
    else:
        nothing = pl.lit(None, pl.Date)
        settled = settled.with_columns(opened=nothing, before_opened=nothing)
    keyed = settled.with_columns(series=pl.lit(series))
    return keyed.group_by(BY).agg(pl.col("downloads").sum(), flows=pl.len()).collect()


def _counters(seen: pl.DataFrame) -> pl.DataFrame:
    counted = seen.lazy().filter(pl.col("downloads_all_time").is_not_null())
    same, same_2 = (pl.col("model") == pl.col("model").shift(back) for back in (1, 2))
    day, counter = pl.col("as_of"), pl.col("downloads_all_time")
    followed = counted.with_columns(
        before=pl.when(same).then(day.shift(1)),
        earlier=pl.when(same_2).then(day.shift(2)),
        grown=pl.when(same).then(counter - counter.shift(1)).otherwise(counter),
    )
    before_opened = pl.when(pl.col("before").is_not_null()).then(pl.coalesce("earlier", "created_on"))
    flows = followed.select(
        "kind",
        "created_on",
        "born",
        opened=pl.coalesce("before", "created_on"),
        closed="as_of",
        before=pl.when(before_opened.is_not_null()).then("before"),
        before_opened=before_opened,
        downloads="grown",
    ).filter(pl.col("opened").is_not_null())
    return _cells(flows, "counters")


def _months(seen: pl.DataFrame) -> pl.DataFrame:
    counted = seen.lazy().filter(pl.col("downloads_30d").is_not_null())
    begun = pl.col("as_of") - pl.duration(days=30)
    flows = counted.select(
        "kind",
        "created_on",
        "born",
        opened=pl.max_horizontal(begun, "created_on"),
        closed="as_of",
        before=pl.when(pl.col("model") == pl.col("model").shift(1)).then(pl.col("as_of").shift(1)),
        before_opened=pl.lit(None, pl.Date),
        downloads="downloads_30d",
    )
    return _cells(flows, "30-day")


def _readings(seen: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, pl.Date)
    counted = seen.lazy().filter(pl.col("downloads_all_time").is_not_null())
    flows = counted.select(
        "kind",
        "created_on",
        "born",
        opened=nothing,
        closed="as_of",
        before=nothing,
        before_opened=nothing,
        downloads="downloads_all_time",
    )
    return _cells(flows, "all-time")


def _market(cells: pl.DataFrame, closings: pl.DataFrame) -> pl.DataFrame:
    joined = cells.lazy().join(closings.lazy(), on=["series", "closed"])
    counters = pl.col("series") == "counters"
    start, reach = pl.col("window_start"), pl.col("reach")
    within = ~counters | (pl.col("opened") >= start).fill_null(False)
    reached_before = (pl.col("before") > reach).fill_null(False)
    before = reached_before & (~counters | (pl.col("before_opened") >= start).fill_null(False))
    since_creation = counters & (pl.col("window_months") == 12).fill_null(False)
    is_new = pl.col("window_months").is_not_null() & (pl.col("as_of") - pl.col("born") < YEAR)
    whole = within & pl.col("complete")
    new = is_new & (within | since_creation)
    first_new = pl.when(since_creation).then(~reached_before).otherwise(~before)
    first_year = whole & pl.col("first_year")
    measures = []
    for prefix, which, first in (
        ("", whole, ~before),
        ("new_", new, first_new),
        ("first_year_", first_year, ~before),
    ):
        measures.append(pl.col("downloads").filter(which).sum().alias(f"{prefix}downloads"))
        measures.append(pl.col("flows").filter(which & first).sum().alias(f"{prefix}models"))
    window = ["as_of", "window_months", "basis", "window_start", "kind"]
    return joined.group_by(window).agg(measures).collect()


def _by_lens(market: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(
        market.with_columns(lens=pl.lit(lens), country=pl.col(f"{lens}_country")) for lens in ("publisher", "origin")
    )


def _readings_of(market: pl.DataFrame) -> pl.DataFrame:
    in_window = market.filter(pl.col("window_months").is_not_null())
    return pl.concat(
        in_window.filter(pl.col(f"{of}_models") > 0).with_columns(
            reading=pl.lit(reading), downloads=pl.col(f"{of}_downloads"), models=pl.col(f"{of}_models")
        )
        for reading, of in {"cohort": "new", "first-year": "first_year"}.items()
    )


def _shares(rows: pl.DataFrame, within: list[str], of: str) -> pl.DataFrame:
    summed = rows.group_by([*within, of]).agg(pl.col(name).sum() for name in MEASURES)
    total = pl.col("downloads").sum().over(within)
    return summed.with_columns(share=pl.when(total > 0).then(pl.col("downloads") / total)).sort([*within, of])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
