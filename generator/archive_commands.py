"""The commands of the archive: verify, compact, pull and push."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator import archive
from generator.archive import retention
from generator.command import plain_errors, say
from generator.errors import ReportError
from generator.project import Project
from generator.snapshot import today

if TYPE_CHECKING:
    from generator.remotes import Remote


@click.group("archive")
def archive_commands() -> None:
    """Check the archive, let go of old snapshots, and keep the archive elsewhere between runs."""


def _remote(project: Project, git: str | None, branch: str, hub: str | None) -> "Remote":
    from generator import remotes

    if not git and not hub:
        raise ReportError("Give --git REMOTE or --hub REPOSITORY: that is where the archive is kept.")
    return remotes.on_hub(hub) if hub else remotes.on_branch(project.folder, str(git), branch)


@archive_commands.command()
@click.option("--git", help="A remote of this repository, or the address of another.")
@click.option("--branch", default="archive", show_default=True, help="The branch that holds nothing but the archive.")
@click.option(
    "--hub",
    help="A dataset repository on the Hub, user/name, used rather than --git; HF_TOKEN has to have the right to it.",
)
@click.pass_obj
@plain_errors
def pull(project: Project, git: str | None, branch: str, hub: str | None) -> None:
    """Fill the archive's folder from where it is kept; what is there already must agree with it."""
    say(f"{project.archive}: {_remote(project, git, branch, hub).pull(project.archive)} files")


@archive_commands.command()
@click.option("--git", help="A remote of this repository, or the address of another.")
@click.option("--branch", default="archive", show_default=True, help="The branch that holds nothing but the archive.")
@click.option(
    "--hub",
    help="A dataset repository on the Hub, user/name, used rather than --git; HF_TOKEN has to have the right to it.",
)
@click.pass_obj
@plain_errors
def push(project: Project, git: str | None, branch: str, hub: str | None) -> None:
    """Take the archive to where it is kept; nothing that is kept there is lost."""
    changed = _remote(project, git, branch, hub).push(project.archive)
    say(f"{project.archive}: {'kept' if changed else 'nothing new to keep'}")


@archive_commands.command()
@click.option("--archive", "folder", type=click.Path(path_type=Path), help="The archive's folder.")
@click.pass_obj
@plain_errors
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
@plain_errors
def compact(project: Project, folder: Path | None, remove: bool) -> None:
    """Say which snapshots the rules of retention let go of, and with --remove let go of them."""
    from generator.compaction import decisions

    folder = folder or project.archive
    found = decisions(folder, today(), project.settings.keep_days)
    click.echo(retention.plan(folder, found))
    if remove:
        say(f"{folder}: {retention.compact(folder, found) / 1e6:,.1f} MB set free")
    elif not all(decision.keep for decision in found):
        say("A dry run: nothing was removed. Run again with --remove to do it.")
