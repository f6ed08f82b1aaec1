"""How a command tells a user that something failed."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from generator.errors import ReportError


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose foreseen failures are one sentence on standard error and exit status 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except ReportError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("Stopped; run the same command again to go on.", err=True)
            sys.exit(130)

    return run
