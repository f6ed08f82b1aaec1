"""The commands of publication: archive pull and push, check, edition freeze and assemble."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from generator import publication, remotes
from generator.build import Project
from generator.check import check as faults_of
from generator.command import plain_errors, say
from generator.errors import ReportError
from generator.remotes import Remote


@click.group("archive")
def archive_commands() -> None:
    """Bring the archive from where it is kept between runs, and take it back there."""


def _remote(project: Project, git: str | None, branch: str, hub: str | None) -> Remote:
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


@click.command()
@click.option("--simulated", is_flag=True, help="Simulated data are no fault: for trying the checks out.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the faults to this file as well.")
@click.pass_obj
@plain_errors
def check(project: Project, simulated: bool, report: Path | None) -> None:
    """Look for what forbids a publication: one sentence each, and exit status 1 if there is any."""
    faults = faults_of(project.site, project.settings, simulated)
    for fault in faults:
        say(fault)
    if report is not None:
        report.write_text("".join(f"{fault}\n" for fault in faults), encoding="utf-8")
    if faults:
        sys.exit(1)
    say(f"{project.site}: no fault found")


@click.group()
def edition() -> None:
    """Freeze the site as an edition, and put all editions together for publication."""


@edition.command()
@click.pass_obj
@plain_errors
def freeze(project: Project) -> None:
    """Keep the site in the archive as the edition of its month; a published edition never changes."""
    frozen, added = publication.freeze(project.site, project.archive, _now())
    if added:
        say(f"Edition {frozen.id}: frozen, {frozen.bytes / 1e6:.1f} MB")
    else:
        say(f"Edition {frozen.id}: published already, stays as it is; `build --correction` makes another beside it")


@edition.command()
@click.argument("folder", type=click.Path(path_type=Path), default="public")
@click.pass_obj
@plain_errors
def assemble(project: Project, folder: Path) -> None:
    """Lay out FOLDER for a web host: the newest edition at /, each at its own address, and the feed."""
    address = os.environ.get("SITE_URL", "")
    editions = publication.assemble(project.archive, project.folder / folder, address, project.cache)
    say(f"{project.folder / folder}: {len(editions)} editions, the newest {editions[-1].id}")


def _now() -> datetime:
    """The moment, or the one that SOURCE_DATE_EPOCH sets so that a run can be repeated."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC).replace(microsecond=0)
