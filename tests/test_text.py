"""Text from outside in a page: nothing in it acts, and nothing of it is lost."""

import html
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown import Markdown

from generator.text import as_text

# Those of mkdocs.yml and of MkDocs itself, and more that read further marks.
MARKDOWN = Markdown(
    extensions=["attr_list", "toc", "tables", "fenced_code", "footnotes", "def_list", "abbr", "admonition"]
)
MARKS = set(r"\`*_{}[]()#~|!:^=$@+<>" + "\"'")

# Text as attackers and model makers write it, beside text of any kind.
PIECES = st.sampled_from(
    [
        *MARKS,
        *"&;-.0123456789 \n\t\r",
        "    ",
        "<script>",
        "</td>",
        "<!--",
        "-->",
        "&lt;",
        "&#42;",
        "&amp;amp",
        "{{ 7*7 }}",
        "{% raw %}",
        "[a](javascript:alert(1))",
        "![x](//x.test)",
        "https://x.test/",
        "<https://x.test>",
        "- ",
        "1. ",
        "> ",
        "***",
        "---",
        "```",
        "!!! note",
        "[TOC]",
        "[^1]: ",
        "*[a]: ",
        "{: onclick=x }",
        "\x02wzxhzdk:0\x03",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\x00",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "Qwen/Qwen3-8B",
        "模型",
        "🤗",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join))


def acts_on_writing(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf")


def visible(text: str) -> str:
    """What should be seen of a text: white space as spaces, hidden characters as a sign of them."""
    return "".join(" " if letter in "\n\t\r" else "\ufffd" if acts_on_writing(letter) else letter for letter in text)


def read(page: str) -> str:
    """A page of one paragraph, as a browser shows it."""
    paragraph = re.fullmatch(r"<p>([^<>]*)</p>", page, re.DOTALL)
    assert paragraph or page == "", page
    return html.unescape(paragraph[1]) if paragraph else ""


@settings(max_examples=300)
@given(text=TEXTS)
def test_no_mark_and_no_hidden_character_is_left(text: str) -> None:
    encoded = as_text(text)
    bare = re.sub(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);", "", encoded)
    assert not MARKS & set(bare) and "&" not in bare
    assert not any(acts_on_writing(letter) for letter in encoded)
    assert not any(acts_on_writing(letter) for letter in html.unescape(encoded))
    assert html.unescape(encoded) == visible(text)


@settings(max_examples=300)
@given(text=TEXTS)
@example("- a")
@example("+ a")
@example("1. a")
@example("12.")
@example("    a")
@example("---")
@example("\n\n\n# a")
@example("a\n===")
def test_markdown_shows_the_text_itself(text: str) -> None:
    shown = read(MARKDOWN.reset().convert(as_text(text)))
    # Markdown takes the white space at the ends of a paragraph; nothing else may change.
    assert shown.strip() == visible(text).strip()


@settings(max_examples=100)
@given(text=TEXTS)
def test_a_table_keeps_its_cells(text: str) -> None:
    page = MARKDOWN.reset().convert(f"| a | b |\n|---|---|\n| {as_text(text)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2 and cells[1] == "end"
    assert "<" not in cells[0]
    assert html.unescape(cells[0]).strip() == visible(text).strip()


@settings(max_examples=100)
@given(text=TEXTS)
def test_an_attribute_keeps_its_quotes(text: str) -> None:
    page = MARKDOWN.reset().convert(f'<b title="{as_text(text)}">x</b>')
    (title,) = re.findall(r'<b title="([^"<>]*)">x</b>', page)
    assert html.unescape(title) == visible(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("Llama-3.1", "Llama-3.1"),
        ("3.5-turbo", "3.5-turbo"),
        ("a<b>*c*", "a&lt;b&gt;&#42;c&#42;"),
        ("R&D", "R&amp;D"),
        ("two\nlines", "two lines"),
        ("exe\u202egnp", "exe\ufffdgnp"),
        ("- a", "&#45; a"),
        ("1. a", "&#49;. a"),
        ("", ""),
        (5, "5"),
        (None, "None"),
    ],
)
def test_examples(value: object, expected: str) -> None:
    assert as_text(value) == expected
