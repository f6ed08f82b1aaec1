"""Lighthouse on the finished site: the first page, a chapter and an organisation's page, as a phone meets them.

    make lighthouse

Serves ``site/`` compressed, as a web host does, runs Lighthouse's mobile preset in Chromium, prints a table in Markdown
and fails where a score is below its mark. ``--into docs/quality.md`` puts the table there.
"""

import argparse
import functools
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIGHTHOUSE = ROOT / ".cache" / "npm" / "node_modules" / ".bin" / "lighthouse"
MARKS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
LAYOUT_SHIFT = 0.02
WEIGHT = 200_000
FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
TABLE = re.compile(r"(?<=<!-- lighthouse -->\n).*?(?=<!-- /lighthouse -->)", re.S)


class Compressed(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, text of them compressed."""

    def do_GET(self) -> None:
        """Answer with a file, or with the index of a folder."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", f"{self.guess_type(path)}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def measured(address: str, runs: int) -> dict[str, float]:
    """The scores of a page from 0 to 100, its layout shift and its weight in bytes: of several runs the median one.

    The median run is that of the performance, the only score that varies.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "lighthouse.json"
            command = [str(LIGHTHOUSE), address, "--quiet", "--output=json", f"--output-path={answer}"]
            environment = os.environ | {"CHROME_PATH": chromium}
            subprocess.run([*command, f"--chrome-flags={FLAGS}"], check=True, env=environment, timeout=300)
            report = json.loads(answer.read_text(encoding="utf-8"))
        scores = {name: 100 * report["categories"][name]["score"] for name in MARKS}
        audits = report["audits"]
        found.append(
            scores
            | {
                "shift": audits["cumulative-layout-shift"]["numericValue"],
                "weight": audits["total-byte-weight"]["numericValue"],
                "version": report["lighthouseVersion"],
            }
        )
    return sorted(found, key=lambda run: run["performance"])[len(found) // 2]


def main() -> None:
    """Measure, print, and fail below the marks."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--site", type=Path, default=ROOT / "site")
    options.add_argument("--runs", type=int, default=3, help="of each page; the median counts")
    options.add_argument("--into", type=Path, help="a document with <!-- lighthouse --> … <!-- /lighthouse -->")
    given = options.parse_args()
    if not (given.site / "index.html").is_file() or not LIGHTHOUSE.exists():
        sys.exit(f"{given.site / 'index.html'} or {LIGHTHOUSE} is not there; run `make report` and `make lighthouse`.")
    organisation = sorted((given.site / "report" / "organisation").iterdir())[0]
    pages = {"Home": "", "Chapter": "report/countries/", "Organisation": f"report/organisation/{organisation.name}/"}
    handler = functools.partial(Compressed, directory=str(given.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}/"
        found = {name: measured(root + path, given.runs) for name, path in pages.items()}
        server.shutdown()
    lines = [
        "| page | performance | accessibility | best practices | SEO | layout shift | weight |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, run in found.items():
        scores = " | ".join(f"{run[score]:.0f}" for score in MARKS)
        lines.append(f"| {name} | {scores} | {run['shift']:.3f} | {run['weight'] / 1000:.0f} kB |")
    table = "\n".join(lines) + "\n"
    print(table)
    if given.into:
        text = given.into.read_text(encoding="utf-8")
        given.into.write_text(TABLE.sub(lambda _: table, text), encoding="utf-8")
    low = [
        f"{name}: {score} {run[score]:.0f}, {mark} is asked"
        for name, run in found.items()
        for score, mark in MARKS.items()
        if round(run[score]) < mark
    ]
    low += [f"{name}: layout shift {run['shift']:.3f}" for name, run in found.items() if run["shift"] >= LAYOUT_SHIFT]
    low += [f"Home: {found['Home']['weight'] / 1000:.0f} kB"] if found["Home"]["weight"] > WEIGHT else []
    if low:
        sys.exit("\n".join(low))


if __name__ == "__main__":
    main()
