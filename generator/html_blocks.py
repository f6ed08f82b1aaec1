"""Tables and figures are finished HTML: they are taken out of a page before it is read as Markdown, and put back.

MkDocs reads a page's HTML three times, tag by tag: to find its anchors, to keep it from Markdown, and to index it for
the search. With some hundred cells a page and a thousand pages, that is most of what a site's making takes.
"""

import re
from collections.abc import Callable, Sequence

BLOCK = re.compile(
    r"(?:\A|(?<=\n\n))<(div|figure|details)\b(?P<attributes>[^>\n]*)>[^\n]*(?:\n[^\n]+)*\n?</\1>(?=\n\n|\n*\Z)"
)
"""One element between blank lines, with no blank line in it, as all HTML of the templates."""

UNSEARCHED = "data-search-exclude"
_PLACE = re.compile(r"<!-- block (\d+) -->")


def take_out(markdown: str) -> tuple[str, list[str]]:
    """A page without its blocks, and the blocks.

    Example:
        >>> take_out("# Title\\n\\n<div>…</div>\\n\\nText")
        ('# Title\\n\\n<!-- block 0 -->\\n\\nText', ['<div>…</div>'])
    """
    blocks: list[str] = []

    def place(found: re.Match[str]) -> str:
        blocks.append(found[0])
        return f"<!-- block {len(blocks) - 1} -->"

    return BLOCK.sub(place, markdown), blocks


def put_back(text: str, blocks: Sequence[str], chosen: Callable[[str], bool] = lambda block: True) -> str:
    """The text with those blocks in their places that are chosen, as they were.

    Example:
        >>> put_back("<h1>Title</h1>\\n<!-- block 0 -->", ["<div>…</div>"])
        '<h1>Title</h1>\\n<div>…</div>'
    """

    def block(found: re.Match[str]) -> str:
        number = int(found[1])
        return blocks[number] if number < len(blocks) and chosen(blocks[number]) else found[0]

    return _PLACE.sub(block, text)


def searched(block: str) -> bool:
    """Whether the search shall find what a block says."""
    found = BLOCK.match(block)
    return found is None or UNSEARCHED not in found["attributes"]
