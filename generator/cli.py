"""The command line: collect, build, status, study, and the commands of the archive, of publication and of the probe.

What a command needs beyond the archive it imports itself: `status` should not wait for the libraries of `build`.
"""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator import __version__, archive, settings, unchanged
from generator.archive_commands import archive_commands
from generator.choice import ARCHIVE, AUTO, HUB, choose
from generator.command import plain_errors, say
from generator.errors import ReportError
from generator.project import Project
from generator.publication_commands import check, edition
from generator.snapshot import today

if TYPE_CHECKING:
    from generator.sources.hub_weekly import Month

PROBE = "probe"
DATE = click.DateTime(formats=["%Y-%m-%d"])
MONTH = click.DateTime(formats=["%Y-%m"])
SOURCE_HELP = "auto, archive, hub, demo, or the path of a Parquet, JSON, JSON Lines or CSV file or folder."


class Commands(click.Group):
    """The commands, among them the probe's, whose libraries are loaded only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names in alphabetical order."""
        return sorted([*super().list_commands(ctx), PROBE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name == PROBE:
            from generator.probe.cli import probe

            return probe
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
@click.option("--correction", is_flag=True, help="Correct an edition that is published already: a new one beside it.")
@click.option("--no-site", is_flag=True, help="Stop when the pages are written; MkDocs is not run.")
@click.pass_obj
@plain_errors
def build(
    project: Project,
    source: str | None,
    as_of: datetime | None,
    counters: Path | None,
    correction: bool,
    no_site: bool,
) -> None:
    """Compute the report and build the site."""
    chosen = choose(project, source or project.settings.source, say)
    options = {"as_of": as_of, "counters": counters, "correction": correction, "no_site": no_site}
    if unchanged.stands(project, chosen, options):
        say(f"Nothing has changed since the report in {project.site_src if no_site else project.site} was made.")
        return
    from generator.build import build as build_pages
    from generator.build import build_site

    build_pages(
        project,
        chosen,
        as_of=_day(as_of),
        counters=counters,
        correction=correction,
        say=say,
    )
    if not no_site:
        build_site(project, say=say)
    # What the Hub gave is in the archive, where the next run finds it.
    unchanged.remember(project, ARCHIVE if chosen == HUB else chosen, options)


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
@click.option("--once", is_flag=True, help="Where today has a snapshot already, leave it at that.")
@click.option("--replace", is_flag=True, help="Supersede other content of the same date; the revision is recorded.")
@click.pass_obj
@plain_errors
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
    once: bool,
    replace: bool,
) -> None:
    """Add snapshots to the archive."""
    from generator.collection import HUB_WEEKLY, History
    from generator.collection import collect as collect_into

    if source in (AUTO, ARCHIVE):
        raise ReportError(f"--source {source}: there is nothing to collect from; give hub, hub-weekly, demo or a path.")
    history = None
    if source == HUB_WEEKLY or first or last or whole:
        history = History(_month(first), _month(last), whole)
    folder = folder or project.archive
    if once and any(item.manifest.as_of == today() for item in archive.entries(folder)):
        say(f"{folder}: already holds today's snapshot")
        return
    outcomes = collect_into(
        folder,
        source,
        work_folder=project.cache,
        top=top or project.settings.top,
        as_of=_day(as_of),
        counters=counters,
        replace=replace,
        history=history,
        say=say,
    )
    say(
        f"{folder}: "
        + (", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "nothing new")
    )


@main.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.pass_obj
@plain_errors
def status(project: Project, folder: Path | None) -> None:
    """Say what the archive holds."""
    click.echo(archive.status(folder or project.archive))


@main.command()
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="A copy of the study's all_downloads_with_annotations.parquet. Default: fetched from the Hub.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the CSV tables. Default: .cache/study.")
@click.pass_obj
@plain_errors
def study(project: Project, path: Path | None, output: Path | None) -> None:
    """Compare with the MIT / Hugging Face study, from its own data."""
    from generator import study as comparisons
    from generator.sources import study as published

    folder = project.cache / "study"
    comparison = comparisons.compare(published.load(path or published.fetch(folder)))
    click.echo(comparisons.text(comparison))
    for table in comparisons.write(comparison, output or folder):
        say(f"Written: {table}")


main.add_command(archive_commands)
main.add_command(check)
main.add_command(edition)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _month(moment: datetime | None) -> "Month | None":
    from generator.sources.hub_weekly import Month

    return Month.of(moment.date()) if moment else None
