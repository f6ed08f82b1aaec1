"""What MkDocs does beyond its usual.

It makes the report first where it is missing, leaves finished HTML alone, and names each page's edition.
"""

import json
import logging
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.structure.pages import Page

from generator.edition import head
from generator.html_blocks import put_back, searched, take_out

log = logging.getLogger("mkdocs.hooks.report")

_taken_out: dict[str, list[str]] = {}
"""By page, the blocks of HTML that stand aside while it is made."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build the report's pages unless they are there already."""
    # The first page is written last, so its presence says that all are there.
    if not (Path(config.docs_dir) / "index.md").exists():
        # Imported late: where the pages are there, MkDocs has no need of the generator's libraries.
        from generator import settings
        from generator.build import build
        from generator.choice import choose
        from generator.errors import ReportError
        from generator.project import Project

        folder = Path(config.config_file_path or "mkdocs.yml").parent
        try:
            project = Project(folder, settings.load(folder / "report.toml"))
            build(project, choose(project, project.settings.source, log.info), say=log.info)
        except ReportError as error:
            raise Abort(str(error)) from None
    return config


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Take tables and figures out before the page is read."""
    without, _taken_out[page.file.src_uri] = take_out(markdown)
    return without


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Put back what the search shall find, which reads the page next."""
    return put_back(html, _taken_out[page.file.src_uri], searched)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Put back the rest; put Dublin Core elements and the data set's schema.org description into the page's head."""
    output = put_back(output, _taken_out.pop(page.file.src_uri))
    index = Path(config.docs_dir) / "data" / "index.json"
    described = head(json.loads(index.read_text(encoding="utf-8")), str(page.title), page.url)
    return output.replace("</head>", f"{described}\n</head>", 1)
