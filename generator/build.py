"""One way through: archive → attribution → metrics → pages → site."""

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from mkdocs.commands import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

from generator import archive, dataset, engines, flows, metrics, publication, recipes, results, revisions
from generator.atomic import swap, writing
from generator.attribution import attribute
from generator.choice import ARCHIVE, HUB
from generator.collection import HUB_WEEKLY, collect
from generator.errors import ReportError
from generator.pages import write_pages
from generator.probe import results as probe_results
from generator.probe.results import ProbeResults
from generator.project import Project
from generator.results import Results
from generator.snapshot import today
from generator.sources import hub_weekly


def build(
    project: Project,
    source: str,
    *,
    as_of: date | None = None,
    counters: Path | None = None,
    correction: bool = False,
    say: Callable[[str], None] = print,
) -> Results:
    """Make the pages of a report, ready for MkDocs.

    Args:
        project: where to read and write.
        source: ``archive``, ``hub``, ``demo``, or the path of a file or folder. ``demo`` and files go through an
            archive of their own that is made anew, so that trying one out leaves the kept archive alone.
        as_of: the date the data of a file was taken.
        counters: a counter series beside a file.
        correction: the month has an edition already, which this one corrects.
        say: takes each line of progress.

    Raises:
        ReportError: nothing usable to report from, or a folder cannot be written.
    """
    folder = _filled_archive(project, source, as_of, counters, say)
    return report(project, folder, say, correction)


def report(project: Project, folder: Path, say: Callable[[str], None] = print, correction: bool = False) -> Results:
    """Make the pages of a report from an archive that is there.

    Raises:
        ReportError: the archive is empty or damaged, or a folder cannot be written.
    """
    stored = archive.entries(folder)
    if not stored:
        raise ReportError(f"{folder}: holds no snapshot; add one with `python -m generator collect`.")
    if project.settings.licence != hub_weekly.LICENCE and any(item.manifest.kind == HUB_WEEKLY for item in stored):
        say(
            f"Licence: snapshots of {hub_weekly.REPOSITORY} come under {hub_weekly.LICENCE}, which tables made from "
            f'them keep; before publishing set licence = "{hub_weekly.LICENCE}" in report.toml.'
        )
    probed = probe_results.load(project.probe)
    for sentence in probed.left_out:
        say(f"Probe: {sentence}")
    # The archive of a trial is made anew each time, and nothing of it is kept.
    kept = project.cache / "settled" if folder == project.archive else None
    computed = compute(project, stored, probed, kept, say)
    say(
        f"Report: {len(stored)} snapshots, {len(computed.report_dates)} report dates, newest {computed.as_of}; "
        f"{len(computed.tables)} tables."
    )
    # Only what is kept for good is published; a simulation or the trial of a file revises nothing.
    register = None
    if folder == project.archive and not computed.source.simulated:
        register = revisions.compare(folder, computed, [item.manifest for item in stored])
        computed = replace(computed, revisions=register.register)
    pages = write_pages(
        computed,
        project.settings.licence,
        project.site_src,
        project.cache,
        publisher=project.settings.publisher,
        address=os.environ.get("SITE_URL", ""),
        correction=publication.number(project.archive, computed.as_of) if correction else 1,
    )
    say(f"Pages: {len(pages)} in {project.site_src}")
    if register is not None:
        revisions.record(folder, register)
        if len(register.found):
            say(
                f"Revisions: {len(register.found)} figures of past report dates changed; the Revisions page lists them."
            )
    return computed


def compute(
    project: Project,
    stored: list[archive.Entry],
    probed: ProbeResults,
    settled: Path | None = None,
    say: Callable[[str], None] = print,
) -> Results:
    """Every metric's table, and the SQL behind it, by the engine that the settings name.

    Args:
        project: whose settings.
        stored: the archive's entries to use.
        probed: what models answered to the probe's questions.
        settled: where figures that no later snapshot can change are kept from run to run, where they are.
        say: takes each line of progress.

    Raises:
        ReportError: a snapshot is damaged, the engine is not there, or its folder cannot be written.
    """
    settings = project.settings
    with engines.working(settings.engine, project.cache / "tables", settings.memory) as backend:
        data = dataset.load(backend, stored, settled)
        if settled_dates := data.settled.dates():
            say(
                f"Settled: what no later snapshot can change is kept from an earlier run for {len(settled_dates)} of "
                f"{len(data.report_dates)} report dates."
            )
        attributed = flows.build(data, attribute(data), probed)
        known = metrics.discover()
        queries = results.queries(attributed, known)
        return replace(
            results.compute(attributed, known, [item.manifest for item in stored], queries),
            recipes=recipes.write(backend, known, queries, project.cache / "inputs", settings.inputs_rows),
        )


class _Warnings(logging.Handler):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        self.texts.append(record.getMessage())


def build_site(project: Project, say: Callable[[str], None] = print) -> None:
    """Have MkDocs make the site, and put it in place only when it is whole and without warnings.

    Raises:
        ReportError: MkDocs fails or warns, or the folder cannot be written.
    """
    configuration = project.folder / "mkdocs.yml"
    staged = project.cache / "site"
    # Its warnings are wanted; its account of every step and the theme's news are not.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    told, log = _Warnings(), logging.getLogger("mkdocs")
    log.setLevel(logging.WARNING)
    with writing(project.site):
        shutil.rmtree(staged, ignore_errors=True)
        log.addHandler(told)
        try:
            mkdocs_build.build(load_config(str(configuration), site_dir=str(staged.resolve()), strict=True))
        except MkDocsException as error:
            # Where warnings are the reason, the error says only how many there are.
            reason = " ".join(told.texts).rstrip(".") or error
            raise ReportError(
                f"{configuration}: MkDocs does not build the site ({reason}); mend what it names."
            ) from None
        finally:
            log.removeHandler(told)
        swap(staged, project.site)
    say(f"Site: {project.site / 'index.html'}")


def _filled_archive(
    project: Project, source: str, as_of: date | None, counters: Path | None, say: Callable[[str], None]
) -> Path:
    """The archive to report from, after the source has been brought into it."""
    if source == ARCHIVE:
        if as_of or counters:
            raise ReportError("--as-of and --counters go with a file: give it with --source PATH.")
        return project.archive
    if source == HUB_WEEKLY:
        raise ReportError(
            f"--source {HUB_WEEKLY}: is history to be kept, so collect it into the archive first with "
            f"`python -m generator collect --source {HUB_WEEKLY} --from YYYY-MM --to YYYY-MM`, then build from there."
        )
    if source == HUB:
        if any(
            item.manifest.as_of == today() and item.manifest.kind == HUB for item in archive.entries(project.archive)
        ):
            say(f"Archive: {project.archive} already holds today's snapshot.")
            return project.archive
        folder = project.archive
    else:
        folder = project.cache / "archive"
        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
    collect(
        folder,
        source,
        work_folder=project.cache,
        top=project.settings.top,
        as_of=as_of,
        counters=counters,
        say=say,
    )
    return folder
