"""The command line: collect, build, status, archive, study.

What a command needs beyond the archive it imports itself: `status` should not wait for the libraries of `build`.
"""

import sys
from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator import __version__, archive, settings
from generator.archive import retention
from generator.errors import ReportError
from generator.project import Project
from generator.snapshot import today

if TYPE_CHECKING:
    from generator.sources.hub_weekly import Month

DATE = click.DateTime(formats=["%Y-%m-%d"])
MONTH = click.DateTime(formats=["%Y-%m"])
SOURCE_HELP = "auto, archive, hub, demo, or the path of a Parquet, JSON, JSON Lines or CSV file or folder."


def _plain_errors(command: Callable[..., None]) -> Callable[..., None]:
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default="report.toml",
    show_default=True,
    help="The settings; the folder that holds them is the project.",
)
@click.pass_context
@_plain_errors
def main(context: click.Context, settings_path: Path) -> None:
    """Report who builds the open AI models that the world uses."""
    context.obj = Project(settings_path.parent, settings.load(settings_path))


@main.command()
@click.option("--source", help=f"{SOURCE_HELP} Default: as in the settings.")
@click.option("--as-of", type=DATE, help="Date on which the data of a file was taken.")
@click.option(
    "--counters",
    type=click.Path(path_type=Path),
    help="A Parquet series (snapshot, model_id, downloads_all_time) of the same models on other dates.",
)
@click.option("--no-site", is_flag=True, help="Stop when the pages are written; MkDocs is not run.")
@click.pass_obj
@_plain_errors
def build(project: Project, source: str | None, as_of: datetime | None, counters: Path | None, no_site: bool) -> None:
    """Compute the report and build the site."""
    from generator.build import build as build_pages
    from generator.build import build_site

    build_pages(project, source or project.settings.source, as_of=_day(as_of), counters=counters, say=_say)
    if not no_site:
        build_site(project, say=_say)


@main.command()
@click.option(
    "--source",
    default="hub",
    show_default=True,
    help="hub, hub-weekly (months of the whole Hub's history), demo, or the path of a file or folder.",
)
@click.option("--from", "first", type=MONTH, help="First month, YYYY-MM, of hub-weekly. Default: the first there is.")
@click.option("--to", "last", type=MONTH, help="Last month, YYYY-MM, of hub-weekly. Default: the current one.")
@click.option("--whole", is_flag=True, help="Fetch whole files of hub-weekly and verify their SHA-256.")
@click.option("--as-of", type=DATE, help="Date on which the data of a file was taken.")
@click.option("--counters", type=click.Path(path_type=Path), help="A counter series beside a file.")
@click.option("--top", type=click.IntRange(min=1), help="How many models to ask the Hub for.")
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.option("--replace", is_flag=True, help="Supersede other content of the same date; the revision is recorded.")
@click.pass_obj
@_plain_errors
def collect(
    project: Project,
    source: str,
    first: datetime | None,
    last: datetime | None,
    whole: bool,
    as_of: datetime | None,
    counters: Path | None,
    top: int | None,
    folder: Path | None,
    replace: bool,
) -> None:
    """Add snapshots to the archive."""
    from generator.collection import HUB_WEEKLY, History
    from generator.collection import collect as collect_into

    if source in ("auto", "archive"):
        raise ReportError(f"--source {source}: there is nothing to collect from; give hub, hub-weekly, demo or a path.")
    history = None
    if source == HUB_WEEKLY or first or last or whole:
        history = History(_month(first), _month(last), whole)
    folder = folder or project.archive
    outcomes = collect_into(
        folder,
        source,
        work_folder=project.cache,
        top=top or project.settings.top,
        as_of=_day(as_of),
        counters=counters,
        replace=replace,
        history=history,
        say=_say,
    )
    _say(
        f"{folder}: "
        + (", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "nothing new")
    )


@main.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.pass_obj
@_plain_errors
def status(project: Project, folder: Path | None) -> None:
    """Say what the archive holds."""
    click.echo(archive.status(folder or project.archive))


@main.group(name="archive")
def archive_commands() -> None:
    """Check the archive, or let go of old snapshots."""


@archive_commands.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.pass_obj
@_plain_errors
def verify(project: Project, folder: Path | None) -> None:
    """Hash every snapshot anew and name each fault; exit status 1 if there is one."""
    folder = folder or project.archive
    checked = list(archive.faults(folder))
    faults = [fault for _, fault in checked if fault is not None]
    for fault in faults:
        click.echo(f"Error: {fault}", err=True)
    if faults:
        raise ReportError(f"{folder}: {len(faults)} of {len(checked)} snapshots are damaged, as named above.")
    click.echo(f"{folder}: {len(checked)} snapshots, each as its manifest says.")


@archive_commands.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.option("--remove", is_flag=True, help="Do it. Without this the command only says what it would do.")
@click.pass_obj
@_plain_errors
def compact(project: Project, folder: Path | None, remove: bool) -> None:
    """Say which snapshots the rules of retention let go of, and with --remove let go of them."""
    from generator.compaction import decisions

    folder = folder or project.archive
    found = decisions(folder, today(), project.settings.keep_days)
    click.echo(retention.plan(folder, found))
    if remove:
        _say(f"{folder}: {retention.compact(folder, found) / 1e6:,.1f} MB set free")
    elif not all(decision.keep for decision in found):
        _say("A dry run: nothing was removed. Run again with --remove to do it.")


@main.command()
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="A copy of the study's all_downloads_with_annotations.parquet. Default: fetched from the Hub.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the CSV tables. Default: .cache/study.")
@click.pass_obj
@_plain_errors
def study(project: Project, path: Path | None, output: Path | None) -> None:
    """Compare with the MIT / Hugging Face study, from its own data."""
    from generator import study as comparisons
    from generator.sources import study as published

    folder = project.cache / "study"
    comparison = comparisons.compare(published.load(path or published.fetch(folder)))
    click.echo(comparisons.text(comparison))
    for table in comparisons.write(comparison, output or folder):
        _say(f"Written: {table}")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _month(moment: datetime | None) -> "Month | None":
    from generator.sources.hub_weekly import Month

    return Month.of(moment.date()) if moment else None
