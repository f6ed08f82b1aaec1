"""The commands of publication: check, edition freeze, assemble and pdf."""

import os
import sys
from pathlib import Path

import click

from generator.clock import moment
from generator.command import plain_errors, say
from generator.project import Project


@click.command()
@click.option("--simulated", is_flag=True, help="Simulated data are no fault: for trying the checks out.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the faults to this file as well.")
@click.pass_obj
@plain_errors
def check(project: Project, simulated: bool, report: Path | None) -> None:
    """Look for what forbids a publication: one sentence each, and exit status 1 if there is any."""
    from generator.check import check as faults_of

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
    from generator import publication

    frozen, added = publication.freeze(project.site, project.archive, moment())
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
    from generator import publication

    address = os.environ.get("SITE_URL", "")
    editions = publication.assemble(project.archive, project.folder / folder, address, project.cache)
    say(f"{project.folder / folder}: {len(editions)} editions, the newest {editions[-1].id}")


@edition.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.pass_obj
@plain_errors
def pdf(project: Project, path: Path | None) -> None:
    """Print the chapters of site/ into one PDF, by Chromium. Default PATH: open-model-report-<edition>.pdf."""
    from generator import pdf as paper

    target = project.folder / (path or paper.name_of(project.site))
    paper.write(project.site, project.folder / "mkdocs.yml", target, project.cache / "pdf")
    say(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
