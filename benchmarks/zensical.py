"""Does the same project build under Zensical, the successor of MkDocs and Material?

    make zensical

Builds ``mkdocs.yml`` and ``site_src/`` into ``.cache/zensical-site`` and reports, beside MkDocs' ``site/``, what is
there and what is not. Fails where pages, figures or the security policy are missing.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZENSICAL = ROOT / ".cache" / "zensical" / "bin" / "zensical"
COPY = ROOT / ".cache" / "zensical-project"
TRAITS = {
    "pages": "<article",
    "figures": '<figure class="figure"',
    "tables": '<table class="',
    "security policy": 'http-equiv="Content-Security-Policy"',
    "inline script of one hash": "<script data-base=",
    "scripts deferred": "<script defer src=",
    "search dialog": 'role="dialog"',
}


def counted(site: Path) -> dict[str, int]:
    """On how many pages, or how often, each trait is found."""
    pages = [path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))]
    return {name: sum(len(re.findall(re.escape(mark), page)) for page in pages) for name, mark in TRAITS.items()}


def main() -> None:
    """Build, compare, report."""
    if not (ROOT / "site" / "index.html").is_file():
        sys.exit("site/index.html is not there; run `make report` first.")
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", COPY)
    for name in ("templates", "site_src"):  # It reads no folder outside of the project's own.
        shutil.copytree(ROOT / name, COPY / name)
    subprocess.run([str(ZENSICAL), "build"], cwd=COPY, check=True, timeout=300)
    ours, theirs = counted(ROOT / "site"), counted(COPY / "site")
    print("| | MkDocs | Zensical |\n|---|---:|---:|")
    for name in TRAITS:
        print(f"| {name} | {ours[name]} | {theirs[name]} |")
    data = sum(1 for _ in (COPY / "site" / "data").glob("*.csv")) if (COPY / "site" / "data").is_dir() else 0
    print(f"| tables as CSV | {sum(1 for _ in (ROOT / 'site' / 'data').glob('*.csv'))} | {data} |")
    lost = [name for name in ("pages", "figures", "tables", "security policy") if theirs[name] < ours[name]]
    if lost or not data:
        sys.exit(f"Zensical lacks some of: {', '.join(lost) or 'data'}.")


if __name__ == "__main__":
    main()
