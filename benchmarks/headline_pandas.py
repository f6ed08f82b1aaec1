"""The three headline metrics in pandas, as one would write them down: window by window, over single flows."""

import sys
from pathlib import Path

import pandas as pd

YEAR = pd.Timedelta(days=365)
WINDOW = ["as_of", "window_months", "basis", "window_start"]


def main(archive: Path, given: Path, into: Path) -> None:
    """Read an archive and what is given of its models and windows; write the three tables."""
    models = pd.read_parquet(given / "models.parquet")
    closings = pd.read_parquet(given / "closings.parquet")
    kinds = pd.read_parquet(given / "kinds.parquet")
    for frame in (models, closings):
        for name in ("created_on", "as_of", "window_start", "reach", "closed"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name])
    owned = models.merge(kinds, on="kind")[["model_id", "created_on", "publisher_country", "origin_country", "family"]]
    for name in ("publisher_country", "origin_country", "family"):
        owned[name] = owned[name].astype("category")
    dates = sorted(closings["as_of"].unique())
    seen = pd.concat(
        pd.read_parquet(
            archive / f"snapshot={day:%Y-%m-%d}" / "models.parquet",
            columns=["model_id", "downloads_30d", "downloads_all_time"],
        ).assign(as_of=day)
        for day in map(pd.Timestamp, dates)
    ).merge(owned, on="model_id")
    flows = _flows(seen)
    windows = closings.drop(columns="closed").drop_duplicates()
    found: dict[str, list[pd.DataFrame]] = {"all": [], "new": [], "families": []}
    for window in windows.itertuples():
        rows = flows[window.series]
        rows = rows[(rows["closed"] > window.reach) & (rows["closed"] <= window.as_of)]
        within = rows["opened"] >= window.window_start if window.series == "counters" else rows["closed"].notna()
        whole = rows[within & window.complete]
        key = {name: getattr(window, name) for name in WINDOW}
        for lens in ("publisher", "origin"):
            country = f"{lens}_country"
            found["all"].append(_shares(whole, country, key | {"lens": lens}))
            if window.basis == "all-time":
                continue
            new = (window.as_of - rows["created_on"]) < YEAR
            new &= within | (window.series == "counters" and window.window_months == 12)
            first_year = (whole["opened"] - whole["created_on"]) + (whole["closed"] - whole["created_on"]) <= 2 * YEAR
            found["new"].append(_shares(rows[new], country, key | {"lens": lens, "reading": "cohort"}))
            found["new"].append(_shares(whole[first_year], country, key | {"lens": lens, "reading": "first-year"}))
        found["families"].append(_shares(whole, "family", key))
    for name, tables in found.items():
        pd.concat(table for table in tables if len(table)).to_parquet(into / f"{name}.parquet")


def _flows(seen: pd.DataFrame) -> dict[str, pd.DataFrame]:
    counted = seen.dropna(subset="downloads_all_time").sort_values(["model_id", "as_of"])
    by_model = counted.groupby("model_id", sort=False)
    before = by_model["as_of"].shift()
    grown = counted["downloads_all_time"] - by_model["downloads_all_time"].shift().fillna(0)
    counters = counted.assign(opened=before.fillna(counted["created_on"]), closed=counted["as_of"], downloads=grown)
    monthly = seen.dropna(subset="downloads_30d")
    start = monthly["as_of"] - pd.Timedelta(days=30)
    opened = start.where(~(monthly["created_on"] > start), monthly["created_on"])
    months = monthly.assign(opened=opened, closed=monthly["as_of"], downloads=monthly["downloads_30d"])
    readings = counted.assign(opened=pd.NaT, closed=counted["as_of"], downloads=counted["downloads_all_time"])
    return {"counters": counters.dropna(subset="opened"), "30-day": months, "all-time": readings}


def _shares(rows: pd.DataFrame, of: str, key: dict[str, object]) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame()
    grouped = rows.groupby(of, observed=True, dropna=False)
    table = grouped.agg(downloads=("downloads", "sum"), models=("model_id", "nunique")).reset_index(names="value")
    total = table["downloads"].sum()
    return table.assign(
        share=table["downloads"] / total if total > 0 else None, value=table["value"].astype(str), **key
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
