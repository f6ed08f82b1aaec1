"""Checks before publication: each looks at the finished site and says in one sentence what is wrong with it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import pandas as pd

from generator.attribution import UNATTRIBUTED
from generator.errors import ReportError
from generator.settings import Settings

TOLERANCE = 1e-6
BASE = "https://site.invalid/"
JUMPS = {
    "new-model-share-by-country": "country",
    "all-downloads-share-by-country": "country",
    "all-downloads-share-by-sector": "sector",
    "top-developers": "organisation",
    "top-families": "family",
}
"""The tables whose shares are compared with the report date before, and what they share out."""

COVERAGE = "all-downloads-share-by-country"


def check(site: Path, settings: Settings, simulated_is_fine: bool = False) -> list[str]:
    """All faults of a site; an empty list means that it may be published.

    Args:
        site: the folder that MkDocs made.
        settings: the least coverage, the largest unexplained jump, and the jumps that are acknowledged.
        simulated_is_fine: a site of simulated data is no fault.

    Returns:
        One sentence a fault.

    Raises:
        ReportError: there is no site, or it is not one that this generator made.
    """
    try:
        index = json.loads((site / "data" / "index.json").read_text(encoding="utf-8"))
        facts = json.loads((site / "data" / "facts.json").read_text(encoding="utf-8"))["facts"]
        tables = {item["id"]: _table(site / "data" / item["json"]) for item in index["metrics"]}
    except (OSError, ValueError, KeyError) as error:
        raise ReportError(f"{site}: is no finished site of this report ({error}); build it first.") from None
    pages = {path.relative_to(site).as_posix(): _read(path) for path in sorted(site.rglob("*.html"))}
    return [
        *([] if simulated_is_fine or not index["simulated"] else [SIMULATED]),
        *sums(tables),
        *coverage(tables, settings.coverage),
        *jumps(tables, index["as_of"], settings),
        *links(pages, site),
        *quotes(pages, facts, tables),
        *charts(pages),
    ]


SIMULATED = "The data are simulated: nothing of them is to be published as a report on the real Hub."


def sums(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Shares sum to 1 in every distribution that is whole, and to no more in every ranking's first places."""
    for name, table in tables.items():
        columns = list(table.columns)
        if not {"rank", "share", "downloads"} <= set(columns) or table.empty:
            continue
        within = columns[: columns.index("rank")]
        if any(
            column not in ("as_of", "reading", "lens", "window_months", "window_start", "basis") for column in within
        ):
            # A ranking within countries or organisations, whose share is of something else.
            continue
        whole = {"lower", "upper"} <= set(columns)
        for where, rows in table.groupby(within, dropna=False, sort=False):
            # A row for all of them together would count everything twice.
            parts = rows[rows[columns[len(within) + 1]] != "all"]
            shares = parts["share"].dropna().astype(float)
            total = shares.sum()
            if len(shares) and (total > 1 + TOLERANCE or (whole and total < 1 - TOLERANCE)):
                at = ", ".join(str(part) for part in pd.Series(where).dropna())
                yield f"{name}: the shares of {at} sum to {total:.6f}{', not to 1' if whole else ', which is above 1'}."


def coverage(tables: Mapping[str, pd.DataFrame], least: float) -> Iterator[str]:
    """The developer's country is known for a large enough share of all downloads, on the newest report date."""
    table = tables[COVERAGE]
    newest = table[(table["as_of"] == table["as_of"].max()) & (table["lens"] == "publisher")]
    rows = newest[newest["country"] == UNATTRIBUTED]
    for _, row in rows.iterrows():
        known = 1 - float(row["share"]) if pd.notna(row["share"]) else 0.0
        if known < least:
            yield (
                f"{COVERAGE}: on {row['as_of']} ({row['basis']}) the country is known for {known:.1%} of the "
                f"downloads, less than the {least:.1%} that `coverage` in report.toml asks for."
            )


def jumps(tables: Mapping[str, pd.DataFrame], as_of: str, settings: Settings) -> Iterator[str]:
    """No share moved beyond the bound since the report date before, unless somebody has explained it."""
    known = {(item.table, str(item.as_of), item.name) for item in settings.acknowledged}
    for name, of in JUMPS.items():
        table = tables[name]
        dates = sorted(table["as_of"].unique())
        if len(dates) < 2 or dates[-1] != as_of:
            continue
        columns = list(table.columns)
        series = [column for column in columns[: columns.index("rank")] if column not in ("as_of", "window_start")]
        keys = [*series, of]
        now, before = (table[table["as_of"] == day][[*keys, "share"]] for day in (dates[-1], dates[-2]))
        both = now.merge(before, on=keys, suffixes=("", "_before"))
        moved = (both["share"] - both["share_before"]).astype(float)
        for who in dict.fromkeys(both.loc[moved.abs() > settings.jump, of]):
            if (name, as_of, who) in known:
                continue
            largest = moved[both[of] == who].abs().idxmax()
            terms = ", ".join(
                str(both.loc[largest, column]) for column in series if pd.notna(both.loc[largest, column])
            )
            yield (
                f"{name}: {who} moved from {both.loc[largest, 'share_before']:.1%} on {dates[-2]} to "
                f"{both.loc[largest, 'share']:.1%} on {as_of} ({terms}), more than `jump` allows: look at it, and if "
                f'it is right add {{ table = "{name}", as_of = {as_of}, name = {json.dumps(who)}, reason = "…" }} to '
                "`acknowledged` in report.toml."
            )


@dataclass
class Page(HTMLParser):
    """What the checks need of a page: links, ids, quoted numbers, and each figure's marks and table rows."""

    def __post_init__(self) -> None:
        super().__init__()

    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    quoted: list[tuple[str, str, str]] = field(default_factory=list)
    figures: dict[str, list[int]] = field(default_factory=dict)
    _quote: tuple[str, str] | None = None
    _text: str = ""
    _figure: list[int] | None = None
    _marks: list[bool] = field(default_factory=list)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Take note of what opens."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        self.links.extend(given[name] for name in ("href", "src") if given.get(name))
        if tag == "data" and "data-fact" in given:
            self._quote, self._text = (given["data-fact"], given.get("value", "")), ""
        if tag == "figure" and given.get("id", "").startswith("figure-"):
            self._figure = self.figures.setdefault(given["id"].removeprefix("figure-"), [0, 0])
        if self._figure is None:
            return
        if tag == "g":
            self._marks.append(("role-mark" in given.get("class", "")) or any(self._marks))
        elif any(self._marks) and tag in ("path", "rect", "line", "circle", "text", "image"):
            self._figure[0] += given.get("class", "") not in ("background", "foreground")
        elif tag == "tr":
            self._figure[1] += 1

    def handle_endtag(self, tag: str) -> None:
        """Take note of what closes."""
        if tag == "data" and self._quote:
            self.quoted.append((*self._quote, self._text))
            self._quote = None
        elif tag == "g" and self._marks:
            self._marks.pop()
        elif tag == "figure":
            self._figure, self._marks = None, []

    def handle_data(self, data: str) -> None:
        """Collect the text of a quoted number."""
        self._text += data


def links(pages: Mapping[str, Page], site: Path) -> Iterator[str]:
    """Every relative link leads to a file of the site, and its anchor to a place in it.

    Absolute addresses are not looked at, the site's own among them: editions lie beside it, not in it.
    """
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    for name, page in pages.items():
        if name == "404.html":  # Served from anywhere, so its addresses are from the host's root.
            continue
        here = urljoin(BASE, name.removesuffix("index.html"))
        for link in dict.fromkeys(page.links):
            target, anchor = urldefrag(urljoin(here, link))
            if not target.startswith(BASE):
                continue
            path = unquote(target.removeprefix(BASE).split("?")[0])
            path = f"{path}index.html" if path.endswith("/") or not path else path
            if path not in files:
                yield f"{name}: the link {link} leads to no file of the site."
            elif anchor and path in pages and unquote(anchor) not in pages[path].ids:
                yield f"{name}: the link {link} leads to no place in {path}."


def quotes(
    pages: Mapping[str, Page], facts: Sequence[Mapping[str, Any]], tables: Mapping[str, pd.DataFrame]
) -> Iterator[str]:
    """Every number that a page quotes is in ``facts.json``, and every fact is a cell of its table."""
    known = {fact["id"]: fact for fact in facts}
    for name, page in pages.items():
        for identity, value, text in page.quoted:
            fact = known.get(identity)
            if fact is None or str(fact["value"]) != value or fact["text"] != text.strip():
                yield f"{name}: the quoted number {text.strip()} is not in facts.json (fact {identity})."
    cells = {name: table.astype(object).where(table.notna(), None) for name, table in tables.items()}
    for fact in facts:
        rows = cells.get(fact["metric"])
        for column, value in fact["row"].items():
            rows = rows[rows[column] == value] if rows is not None and column in rows else None
        if rows is None or fact["column"] not in rows or fact["value"] not in set(rows[fact["column"]]):
            yield f"facts.json: fact {fact['id']} ({fact['text']}) is in no row of {fact['metric']}."


def charts(pages: Mapping[str, Page]) -> Iterator[str]:
    """Every chart has marks, and its table has rows."""
    for name, page in pages.items():
        for figure, (marks, rows) in page.figures.items():
            if not marks:
                yield f"{name}: the chart {figure} is empty."
            if rows < 2:
                yield f"{name}: the table of the chart {figure} has no row."


def _table(path: Path) -> pd.DataFrame:
    content = json.loads(path.read_text(encoding="utf-8"))
    return pd.DataFrame(content["rows"], columns=list(content["columns"]))


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page
