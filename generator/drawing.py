"""What Vega draws: SVG from a specification, PNG from an SVG, its own JavaScript; each made once and kept.

Nothing but Vega is imported here, since a process of its own imports this too.
"""

import hashlib
import multiprocessing
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import vl_convert

# Names as in Vega-Lite 6, the version whose JavaScript the site serves.
VEGA_LITE_VERSION = "v6.4"

SCALE = 1.5
"""Pixels of a PNG for one of the SVG's."""


def beside() -> Executor:
    """A process that draws while pages are written; close it, or use it in a ``with``."""
    # Not forked: the engine's threads would not come along, and their locks would.
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def svg(specification: str, cache: Path) -> str:
    """The drawing of a Vega-Lite specification in JSON, from ``cache`` where an equal one has been drawn."""
    key = f"{VEGA_LITE_VERSION} {specification}"

    def draw() -> bytes:
        return str(vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE_VERSION)).encode()

    return _kept(key, "svg", cache, draw).decode()


def png(drawing: str, cache: Path) -> bytes:
    """The picture of an SVG, likewise."""
    return _kept(f"{SCALE} {drawing}", "png", cache, lambda: _deflated(vl_convert.svg_to_png(drawing, scale=SCALE)))


def javascript(cache: Path) -> bytes:
    """Vega as one file of our own, which the pages load on demand."""
    return _kept(
        VEGA_LITE_VERSION,
        "js",
        cache,
        lambda: vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE_VERSION).encode(),
    )


def _kept(what: str, ending: str, cache: Path, make: Callable[[], bytes]) -> bytes:
    key = hashlib.sha256(f"{version('vl-convert-python')} {what}".encode()).hexdigest()
    stored = cache / f"{key}.{ending}"
    if stored.exists():
        return stored.read_bytes()
    made = make()
    cache.mkdir(parents=True, exist_ok=True)
    partial = stored.with_suffix(".partial")
    partial.write_bytes(made)
    partial.rename(stored)
    return made


def _deflated(picture: bytes) -> bytes:
    """The same picture in a quarter of the bytes: what drew it compresses for speed."""
    head, pixels = [picture[:8]], b""
    place = 8
    while place < len(picture):
        (length,) = struct.unpack_from(">I", picture, place)
        kind, data = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += 12 + length
        if kind == b"IDAT":
            pixels += data
        elif kind != b"IEND":
            head.append(_chunk(kind, data))
    return b"".join([*head, _chunk(b"IDAT", zlib.compress(zlib.decompress(pixels), 6)), _chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
