"""The editions as an Atom feed (RFC 4287)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from generator.edition import NAME, SUBTITLE, citation

if TYPE_CHECKING:
    from generator.publication import Frozen

ATOM = "http://www.w3.org/2005/Atom"


def atom(editions: Sequence["Frozen"], address: str) -> str:
    """The feed's XML, the newest edition first.

    Args:
        editions: at least one, the oldest first.
        address: the site's public address, with a slash at its end.
    """
    ElementTree.register_namespace("", ATOM)
    newest = editions[-1]
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": "en"})
    _add(feed, "id", f"{address}feed.xml")
    _add(feed, "title", NAME)
    _add(feed, "subtitle", SUBTITLE)
    _add(feed, "updated", newest.published_at.isoformat())
    _add(_add(feed, "author"), "name", newest.edition.publisher)
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{address}feed.xml")
    _add(feed, "link", rel="alternate", type="text/html", href=address)
    for item in reversed(editions):
        entry = _add(feed, "entry")
        _add(entry, "id", f"{address}{item.id}/")
        _add(entry, "title", f"{item.edition.title}{' (correction)' if '.' in item.id else ''}")
        _add(entry, "updated", item.published_at.isoformat())
        _add(entry, "published", item.published_at.isoformat())
        _add(entry, "link", rel="alternate", type="text/html", href=f"{address}{item.id}/")
        _add(entry, "link", rel="related", type="text/html", href=f"{address}{item.id}/report/changes/")
        _add(entry, "rights", item.edition.licence)
        _add(entry, "summary", citation(item.edition), type="text")
    xml: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return f"{xml.decode()}\n"


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text or None
    return child
