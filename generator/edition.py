"""One month's edition of the report: what it is called, where it stays, and how it is cited."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

NAME = "Open Model Report"
SUBTITLE = "who builds the open AI models that the world uses"
DESCRIPTION = (
    "Shares of the downloads of open AI models on the Hugging Face Hub by the developer's country, organisation and "
    "family, their concentration, cadence, derivatives, openness and modality: one table a metric, with definitions, "
    "coverage, caveats and the SQL behind each."
)
HOME_AND_DATA = ("", "report/data/")
"""The pages that describe the data set as a whole."""


@dataclass(frozen=True)
class Edition:
    """An edition. ``address`` is the public address of the site with a slash at its end, empty where not known.

    Example:
        >>> edition = Edition("2026-05", "2026-05-20", "CC-BY-4.0", "Open Model Report", "https://x.test/omr/")
        >>> edition.url
        'https://x.test/omr/2026-05/'
        >>> edition.url_of("report/data/")
        'https://x.test/omr/2026-05/report/data/'
    """

    id: str
    as_of: str
    licence: str
    publisher: str
    address: str = ""
    simulated: bool = False

    @property
    def url(self) -> str:
        """The permanent address; empty where the site's own is not known."""
        return self.url_of("")

    def url_of(self, page: str) -> str:
        """The permanent address of a page, given its place below the site's root."""
        return f"{self.address}{self.id}/{page}" if self.address else ""

    @property
    def title(self) -> str:
        """The name to cite."""
        simulated = " (SIMULATED demo data)" if self.simulated else ""
        return f"{NAME}, edition {self.id}: {SUBTITLE}{simulated}"

    def as_json(self) -> dict[str, Any]:
        """As in ``index.json``, from which ``Edition(**…)`` makes it again."""
        return asdict(self)


def edition_of(
    as_of: date, licence: str, publisher: str, address: str, simulated: bool, correction: int = 1
) -> Edition:
    """The edition of a report date: its month, and from its second publication on the number of that."""
    address = f"{address.rstrip('/')}/" if address else ""
    number = f".{correction}" if correction > 1 else ""
    return Edition(f"{as_of:%Y-%m}{number}", str(as_of), licence, publisher, address, simulated)


def citation(edition: Edition, page: str = "") -> str:
    """One line of text that names the edition, its date and its address."""
    where = f" {edition.url_of(page)}" if edition.address else ""
    who = "" if edition.publisher == NAME else f"{edition.publisher}: "
    return f"{who}{edition.title}. Data as of {edition.as_of}.{where} Licence: {edition.licence}."


def bibtex(edition: Edition) -> str:
    """The edition as a BibTeX entry."""
    year, month = edition.as_of[:4], int(edition.as_of[5:7])
    fields = {
        "author": "{" + _tex(edition.publisher) + "}",
        "title": _tex(edition.title),
        "year": year,
        "month": str(month),
        "version": edition.id,
        "note": _tex(f"Data as of {edition.as_of}. Licence: {edition.licence}"),
        **({"url": edition.url} if edition.address else {}),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{open-model-report-{edition.id},\n{lines}\n}}\n"


def citation_cff(edition: Edition) -> str:
    """The edition as a Citation File Format file. JSON strings are YAML strings, so any name is safe in it."""
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite the edition that you took them from.",
        "type": "dataset",
        "title": edition.title,
        "authors": [{"name": edition.publisher}],
        "version": edition.id,
        "date-released": edition.as_of,
        "license": edition.licence,
        **({"url": edition.url} if edition.address else {}),
        "abstract": DESCRIPTION,
        "keywords": ["open models", "artificial intelligence", "downloads", "Hugging Face Hub"],
    }
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())


def dublin_core(edition: Edition, title: str, page: str) -> list[tuple[str, str]]:
    """A page's Dublin Core elements, by name."""
    elements = [
        ("DC.title", title),
        ("DC.creator", edition.publisher),
        ("DC.publisher", edition.publisher),
        ("DC.date", edition.as_of),
        ("DC.type", "Dataset" if page in HOME_AND_DATA else "Text"),
        ("DC.language", "en"),
        ("DC.rights", edition.licence),
        ("DC.isPartOf", edition.title),
    ]
    return [*elements, ("DC.identifier", edition.url_of(page))] if edition.address else elements


def schema_org(edition: Edition, index: Mapping[str, Any]) -> dict[str, Any]:
    """The edition as a schema.org ``Dataset``.

    Args:
        edition: what to describe.
        index: the content of ``index.json``.
    """
    publisher = {"@type": "Organization", "name": edition.publisher}
    formats = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": edition.title,
        "description": f"{'SIMULATED demo data. ' if edition.simulated else ''}{DESCRIPTION}",
        "version": edition.id,
        "dateModified": edition.as_of,
        "license": f"https://spdx.org/licenses/{edition.licence}",
        "creator": publisher,
        "publisher": publisher,
        "isAccessibleForFree": True,
        "inLanguage": "en",
        **({"url": edition.url, "identifier": edition.url} if edition.address else {}),
        "variableMeasured": [metric["title"] for metric in index["metrics"]],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": metric["title"],
                "encodingFormat": kind,
                "contentUrl": f"{edition.url}data/{metric[name]}",
            }
            for metric in index["metrics"]
            for name, kind in formats.items()
        ],
    }


def head(index: Mapping[str, Any], title: str, page: str) -> Markup:
    """What the head of a page says of its edition to those that read no prose.

    Args:
        index: the content of ``index.json``.
        title: the page's title as plain text.
        page: its place below the site's root, ``report/data/`` say.
    """
    edition = Edition(**index["edition"])
    lines = [
        Markup('<meta name="{}" content="{}">').format(name, content)
        for name, content in dublin_core(edition, title, page)
    ]
    if edition.address:
        feed = '<link rel="alternate" type="application/atom+xml" title="{}" href="{}feed.xml">'
        lines.append(Markup(feed).format(f"Editions of the {NAME}", edition.address))
    if page in HOME_AND_DATA:
        # Data, no script: browsers never run it, and no policy against scripts concerns it.
        text = json.dumps(schema_org(edition, index), ensure_ascii=False).replace("<", "\\u003c")
        lines.append(Markup('<script type="application/ld+json">{}</script>').format(Markup(text)))
    return Markup("\n").join(lines)


def _tex(text: str) -> str:
    replaced = text.replace("\\", "/")
    return re.sub(r"([&%$#_{}])", r"\\\1", replaced)
