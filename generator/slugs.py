"""Names as file names and addresses: safe whatever the name holds, and the same from edition to edition."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

LONGEST = 60

# Names that mean something else: to MkDocs, to the page of comparisons, or to Windows, where the site may be built.
_RESERVED = {
    *("index", "readme", "unattributed", "con", "prn", "aux", "nul"),
    *(f"{device}{number}" for device in ("com", "lpt") for number in range(10)),
}
_NAMELESS = "name"
_DIGITS = 8


def slugs(names: Iterable[str]) -> dict[str, str]:
    """A slug for each name: lower-case ASCII letters, digits and single hyphens, no two alike.

    Where two names would share a slug, each gets digits of its hash, so that neither depends on which came first;
    so does a name without a letter or digit that ASCII has.

    Example:
        >>> slugs(["Mistral AI", "Qwen", "qwen"])
        {'Mistral AI': 'mistral-ai', 'Qwen': 'qwen-9d61b22e', 'qwen': 'qwen-6bdf5341'}
    """
    digits = {name: _DIGITS if _plain(name) in {"", *_RESERVED} else 0 for name in names}
    while True:
        made = {name: _slug(name, count) for name, count in digits.items()}
        times = Counter(made.values())
        clashing = [name for name, slug in made.items() if times[slug] > 1]
        if not clashing:
            return made
        for name in clashing:
            digits[name] += _DIGITS


def _slug(name: str, digits: int) -> str:
    plain = _plain(name) or _NAMELESS
    return f"{plain}-{sha256(name.encode()).hexdigest()[:digits]}" if digits else plain


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST].rstrip("-")


def printable(name: str) -> str:
    """A name for a page's title: what cannot be seen becomes U+FFFD, and there is always something to read.

    A title stands in a page's front matter, where YAML refuses some of the characters that a text may hold.

    Example:
        >>> printable("evil\\u202egnp"), printable(" ")
        ('evil\ufffdgnp', '(no name)')
    """
    seen = "".join(letter if letter.isprintable() else "\ufffd" for letter in name).strip()
    return seen or "(no name)"
