"""What the pages allow to run, and what hostile names from the Hub achieve: nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date

import projects
import pytest
from test_browser import PAGES, Opener, address, browser, needs_chromium, visit  # noqa: F401  (fixtures)
from test_pages import HOSTILE, pages_of

from generator.build import Project, build, build_site

pytestmark = pytest.mark.site

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
INLINE = re.compile(r"<script(?![^>]* src=)([^>]*)>(.*?)</script>", re.S)
CHARTED = [page for page in PAGES if page not in ("about/", "report/method/", "report/data/")]


def test_every_page_carries_the_policy_and_its_inline_script_the_policy_s_hash(site: Project) -> None:
    pages = sorted(site.site.rglob("*.html"))
    for page in pages:
        markup = page.read_text(encoding="utf-8")
        head, policy = markup.split("</head>")[0], POLICY.search(markup)
        assert policy is not None and policy[0] in head, page
        assert "<script" not in head[: head.index(policy[0])], "what comes before a policy is not bound by it"
        directives = dict(directive.split(" ", 1) for directive in policy[1].split("; "))
        assert directives["default-src"] == "'none'"
        assert "unsafe" not in directives.get("script-src", "") and "http" not in policy[1]
        scripts = [text for attributes, text in INLINE.findall(markup) if "json" not in attributes]
        hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts]
        assert sorted(hashes) == re.findall(r"'sha256-[^']+'", policy[1]), f"{page}: put this into theme/main.html"
    assert len(pages) > 20


def test_no_script_blocks_the_page(site: Project) -> None:
    for page in site.site.rglob("*.html"):
        scripts = re.findall(r"<script[^>]* src=[^>]*>", page.read_text(encoding="utf-8"))
        assert len(scripts) >= 3 or page.parent.parent.name == "charts"  # A chart for another site's frame has none.
        assert all(len(re.findall(r"\bdefer\b", script)) == 1 for script in scripts), (page, scripts)


@needs_chromium
def test_the_policy_is_in_force(visit: Opener, address: str) -> None:  # noqa: F811
    visited = visit(address)
    # In a moment, since the call itself may compile what the page may not.
    compiled = visited.page.evaluate(
        """() => new Promise((resolve) => setTimeout(() => {
            try { resolve(new Function("return 1")()); } catch (error) { resolve(error.name); }
        }))"""
    )
    assert compiled == "EvalError"
    visited.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", '<img src="x:" onerror="window.ran = true">');
            const link = document.createElement("a");
            link.href = "javascript:window.ran = true";
            link.click();
        }"""
    )
    visited.page.wait_for_timeout(200)
    assert visited.page.evaluate("window.ran") is None
    assert sum("Content Security Policy" in complaint for complaint in visited.complaints) >= 3


@needs_chromium
def test_all_that_a_page_can_do_keeps_to_the_policy(visit: Opener, address: str) -> None:  # noqa: F811
    """Each chapter's first chart and the comparison; a violation would be among the complaints."""
    drawn = 0
    for path in CHARTED:
        visited = visit(address + path)
        figures = visited.page.locator("figure")
        if figures.count():
            figures.first.get_by_role("button", name="Explore this chart").click()
            figures.first.locator(".interactive svg[aria-labelledby]").wait_for()
            drawn += 1
        if "compare" in path:
            assert visited.page.locator("#comparison svg").is_visible()
        assert visited.complaints == [], path
    assert drawn >= 10


@needs_chromium
def test_the_palette_is_chosen_and_kept(visit: Opener, address: str) -> None:  # noqa: F811
    visited = visit(address, scheme="light")
    scheme = "document.body.dataset.mdColorScheme"
    toggle = visited.page.locator("form[data-md-component=palette] label:visible")
    seen = []
    for _ in range(3):
        toggle.click()
        seen.append((visited.page.evaluate(scheme), toggle.get_attribute("title")))
        visited.page.goto(address + "about/", wait_until="networkidle")
        assert visited.page.evaluate(scheme) == seen[-1][0]
    assert [name for name, _ in seen] == ["default", "slate", "default"], seen
    assert visited.complaints == []


@needs_chromium
def test_the_search_index_is_fetched_when_a_reader_turns_to_it(visit: Opener, address: str) -> None:  # noqa: F811
    visited = visit(address)
    assert not [response for response in visited.responses if "search_index" in response.url]
    visited.page.keyboard.press("/")
    visited.page.keyboard.type("Herfindahl", delay=20)
    visited.page.locator(".md-search-result__link").first.wait_for()
    assert len([response for response in visited.responses if "search_index" in response.url]) == 1
    assert visited.complaints == []


# --- Hostile names ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A report from a file in which all that a stranger can write is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {
            "id": name,
            "author": name.split("/")[0],
            "downloads": 1000 - position,
            "downloadsAllTime": 5000,
            "createdAt": "2026-03-01T00:00:00Z",
            "pipeline_tag": "<b>task</b>",
            "library_name": name,
            "tags": [f"license:{name}", f"dataset:{name}", "base_model:evil/{{ 7 * 7 }}{% raw %}", name],
            "cardData": json.dumps({"license": name, "datasets": [name], "language": [name], "model_name": name}),
            "gated": name,
        }
        for position, name in enumerate(HOSTILE)
    ]
    file = folder / "<i>hub{{ 1 }}</i>.json".replace("/", "_")
    file.write_text(json.dumps(rows), encoding="utf-8")
    project = projects.make(folder / "project")
    build(project, str(file), as_of=date(2026, 5, 20), say=lambda line: None)
    build_site(project, say=lambda line: None)
    return project


@pytest.fixture(scope="module")
def hostile_address(hostile_site: Project) -> Iterator[str]:
    with projects.served(hostile_site.site) as root:
        yield f"{root}/"


def shown(name: str) -> str:
    """A name as a page shows it: a mark that turns the direction of writing becomes a sign of itself."""
    return name.replace("\u202e", "\ufffd").replace("\u2066", "\ufffd")


def test_hostile_text_reaches_the_pages_as_text(hostile_site: Project) -> None:
    pages = pages_of(hostile_site)
    for name, page in pages.items():
        for tag, attributes in page.tags:
            assert not any(key.startswith("on") for key in attributes), (name, tag, attributes)
            assert not str(attributes.get("href", "")).strip().lower().startswith(("javascript:", "data:")), name
            assert tag not in ("b", "i", "img", "iframe"), name
        markup = (hostile_site.site / name).read_text(encoding="utf-8")
        assert "<script>alert" not in markup
        assert "\u202e" not in markup and "\u2066" not in markup
    read = pages["report/developers/index.html"].text
    assert '<img src=x onerror="alert(2)">' in read
    assert "{{ 1 }}" in pages["index.html"].text
    everything = "".join(page.text for page in pages.values())
    assert "7 * 7" not in everything.replace("{{ 7 * 7 }}", "")
    for name in HOSTILE:
        assert shown(name) in everything, name


def test_no_cell_of_a_hostile_table_is_a_formula(hostile_site: Project) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (hostile_site.site / "data").glob("*.csv")}
    assert "'=cmd" in written["top-developers.csv"]
    for name, text in written.items():
        assert not re.search(r'(^|,)"?[=@+\t]', text, re.M), name


@needs_chromium
def test_hostile_names_do_nothing_in_a_browser(visit: Opener, hostile_address: str) -> None:  # noqa: F811
    visited = visit(hostile_address + "report/developers/")
    page = visited.page
    page.on("dialog", lambda dialog: visited.complaints.append(f"a dialog: {dialog.message}"))
    figure = page.locator("figure").first
    figure.get_by_role("button", name="Explore this chart").click()
    bars = figure.locator(".interactive svg .mark-rect path")
    bars.first.wait_for()
    for place in range(bars.count()):
        bars.nth(place).hover(force=True)
        page.locator("#vg-tooltip-element.visible").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("evil", delay=20)
    page.locator(".md-search-result__link").first.wait_for()
    page.keyboard.press("Escape")
    visited.page.goto(hostile_address + "report/organisation/evil/", wait_until="networkidle")
    for name in HOSTILE:
        if name.startswith("evil/"):
            assert page.locator("th", has_text=shown(name)).count() >= 1, name
    assert page.locator("article img, article iframe").count() == 0
    assert visited.complaints == []
