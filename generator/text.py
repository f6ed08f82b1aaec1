"""Text from outside on its way into a page: shown as text, whatever it holds."""

import html
import re
import unicodedata
from functools import lru_cache

# Characters that Markdown would read as mark-up. Encoded as numbers they are only ever themselves, in Markdown
# and in HTML alike.
_MARKDOWN = r"\`*_{}[]()#~|!:^=$@+"

# At the start of a line these would make a list, a rule or a block of code.
_LINE_START = re.compile(r"[ -]|\d+\.(?: |$)")


def as_text(value: object) -> str:
    """Encode a value so that neither Markdown nor HTML finds anything in it to act on.

    Control characters and the marks that turn the direction of writing become U+FFFD, since they can hide what a
    name says.

    Example:
        >>> as_text("a<b>*c*")
        'a&lt;b&gt;&#42;c&#42;'
    """
    return _encoded(str(value))


@lru_cache(maxsize=65_536)
def _encoded(text: str) -> str:
    visible = "".join(
        " " if letter in "\n\t\r" else "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf") else letter
        for letter in text
    )
    pieces = _protect(html.escape(visible, quote=True))
    encoded = [f"&#{ord(piece)};" if piece in _MARKDOWN else piece for piece in pieces]
    if _LINE_START.match(visible):
        encoded[0] = f"&#{ord(visible[0])};"
    return "".join(encoded)


def _protect(escaped: str) -> list[str]:
    """The pieces of escaped HTML: entities whole (their # and ; must stay), other characters one by one."""
    pieces: list[str] = []
    position = 0
    while position < len(escaped):
        if escaped[position] == "&":
            end = escaped.index(";", position) + 1
            pieces.append(escaped[position:end])
            position = end
        else:
            pieces.append(escaped[position])
            position += 1
    return pieces
