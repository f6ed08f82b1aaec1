"""The reference of the commands, written from themselves: ``python -m generator.command_reference``."""

from collections.abc import Iterator
from pathlib import Path

import click

from generator.cli import main

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
PROGRAM = "python -m generator"
HEAD = f"""# Commands

`open-model-report` and `{PROGRAM}` are the same. Every command has `--help`; foreseen failures are one
sentence and exit status 1. This page is written from the commands by `python -m generator.command_reference`; a test
holds it to them.
"""


def reference() -> str:
    """The document: a section for each command, with its arguments and options."""
    return "\n".join([HEAD, *_sections(main, PROGRAM, click.Context(main, info_name=PROGRAM))])


def _sections(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield f"{command.help or ''}\n"
    arguments = [item for item in command.params if isinstance(item, click.Argument)]
    options = [item for item in command.params if isinstance(item, click.Option) and not item.hidden]
    if arguments:
        yield f"Takes {', '.join(f'`{item.human_readable_name}`' for item in arguments)}.\n"
    if options:
        yield "| option | default | meaning |\n|---|---|---|"
        for option in options:
            yield f"| `{_written(option, context)}` | {_default(option)} | {_cell(option.help or '')} |"
        yield ""
    if isinstance(command, click.Group):
        for inner in sorted(command.list_commands(context)):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from _sections(found, f"{name} {inner}", click.Context(found, info_name=inner, parent=context))


def _written(option: click.Option, context: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {option.make_metavar(context)}".replace("|", " or ")


def _default(option: click.Option) -> str:
    given = option.default
    plain = isinstance(given, str | int | float | Path) and not isinstance(given, bool)
    return f"`{given}`" if plain and not option.is_flag else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(reference(), encoding="utf-8")
