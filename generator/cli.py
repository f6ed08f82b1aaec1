"""The command line: collect, build, status, probe."""

from datetime import date, datetime
from pathlib import Path

import click

from generator import __version__, archive, settings
from generator.build import ARCHIVE, Project, build_site
from generator.build import build as build_pages
from generator.collection import collect as collect_into
from generator.errors import ReportError
from generator.plain_errors import plain_errors
from generator.probe.cli import probe

DATE = click.DateTime(formats=["%Y-%m-%d"])
SOURCE_HELP = "auto, archive, hub, demo, or the path of a Parquet, JSON, JSON Lines or CSV file or folder."


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
@plain_errors
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
@plain_errors
def build(project: Project, source: str | None, as_of: datetime | None, counters: Path | None, no_site: bool) -> None:
    """Compute the report and build the site."""
    build_pages(project, source or project.settings.source, as_of=_day(as_of), counters=counters, say=_say)
    if not no_site:
        build_site(project, say=_say)


@main.command()
@click.option("--source", default="hub", show_default=True, help=SOURCE_HELP)
@click.option("--as-of", type=DATE, help="Date on which the data of a file was taken.")
@click.option("--counters", type=click.Path(path_type=Path), help="A counter series beside a file.")
@click.option("--top", type=click.IntRange(min=1), help="How many models to ask the Hub for.")
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.option("--replace", is_flag=True, help="Supersede other content of the same date; the revision is recorded.")
@click.pass_obj
@plain_errors
def collect(
    project: Project,
    source: str,
    as_of: datetime | None,
    counters: Path | None,
    top: int | None,
    folder: Path | None,
    replace: bool,
) -> None:
    """Add snapshots to the archive."""
    if source in ("auto", ARCHIVE):
        raise ReportError(f"--source {source}: there is nothing to collect from; give hub, demo or a path.")
    folder = folder or project.archive
    outcomes = collect_into(
        folder,
        source,
        work_folder=project.cache,
        top=top or project.settings.top,
        as_of=_day(as_of),
        counters=counters,
        replace=replace,
    )
    _say(f"{folder}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


@main.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.pass_obj
@plain_errors
def status(project: Project, folder: Path | None) -> None:
    """Say what the archive holds."""
    click.echo(archive.status(folder or project.archive))


main.add_command(probe)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
