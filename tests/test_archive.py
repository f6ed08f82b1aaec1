"""The archive: whole or not at all, never silently other, and outspoken about damage."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from samples import DAY, model, sentence, snapshot

from generator import __version__, archive
from generator.errors import ReportError
from generator.snapshot import SCHEMA_VERSION, Snapshot

FOLDER = f"snapshot={DAY}"
OLD = snapshot(model(downloads_all_time=1))
NEW = snapshot(model(downloads_all_time=2), model("a/c"))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """An archive of two dates, that of ``OLD`` the later one."""
    folder = tmp_path / "archive"
    archive.add(folder, replace(OLD, as_of=date(2026, 4, 30)))
    archive.add(folder, OLD)
    return folder


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder with its time of change and content, and every folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def only(folder: Path) -> archive.Entry:
    return archive.entry(folder / FOLDER)


def sha(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


# --- Adding ----------------------------------------------------------------------------------------------


def test_what_was_added_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    rows = [model("a/b", tags=["x"], created_at=datetime(2026, 1, 2)), model("组/🤗<b>{{x}}", base_models=[])]
    given = snapshot(*rows, skipped={"negative downloads": 2})
    assert archive.add(folder, given) == "added"
    (stored,) = archive.entries(folder)
    archive.verify(stored)
    assert archive.read(stored).equals(given.models)
    assert {path.name for path in folder.iterdir()} == {FOLDER}
    assert {path.name for path in stored.folder.iterdir()} == {"models.parquet", "manifest.json"}
    manifest = stored.manifest
    assert manifest.bytes == stored.data.stat().st_size and sha(manifest.sha256)
    assert manifest.model_dump(exclude={"bytes", "sha256"}) == {
        "schema_version": SCHEMA_VERSION,
        "generator_version": __version__,
        "as_of": DAY,
        "kind": "file",
        "detail": "models.parquet",
        "retrieved_at": given.provenance.retrieved_at,
        "simulated": False,
        "rows": 2,
        "coverage": {"rows_in_file": 2},
        "skipped": {"negative downloads": 2},
        "revisions": [],
    }


@pytest.mark.parametrize("again", [False, True])
def test_the_same_content_touches_no_file(kept: Path, again: bool) -> None:
    before = everything(kept)
    assert archive.add(kept, OLD, replace=again) == "unchanged"
    assert everything(kept) == before


def test_other_content_is_refused(kept: Path) -> None:
    before = everything(kept)
    with pytest.raises(ReportError) as raised:
        archive.add(kept, NEW)
    assert sentence(raised) == (
        f"{kept}: 2026-05-20 is already archived with other content (1 rows from models.parquet); "
        "run again with --replace to supersede it and record the revision."
    )
    assert everything(kept) == before


def test_replacements_are_recorded_one_after_another(kept: Path) -> None:
    first = only(kept).manifest
    assert archive.add(kept, NEW, replace=True) == "replaced"
    second = only(kept).manifest
    assert archive.read(only(kept)).equals(NEW.models)
    third_rows = snapshot(model("z/z"))
    assert archive.add(kept, third_rows, replace=True) == "replaced"
    third = only(kept).manifest
    archive.verify(only(kept))
    assert [revision.model_dump(exclude={"replaced_at"}) for revision in third.revisions] == [
        {"rows_before": 1, "rows_after": 2, "sha256_before": first.sha256, "sha256_after": second.sha256},
        {"rows_before": 2, "rows_after": 1, "sha256_before": second.sha256, "sha256_after": third.sha256},
    ]
    assert all(revision.replaced_at.tzinfo for revision in third.revisions)
    assert sorted(path.name for path in kept.iterdir()) == ["snapshot=2026-04-30", FOLDER]


@pytest.mark.parametrize("simulated_first", [False, True])
@pytest.mark.parametrize("as_of", [DAY, date(2026, 6, 1)])
def test_simulated_and_real_never_share(tmp_path: Path, simulated_first: bool, as_of: date) -> None:
    archive.add(tmp_path, snapshot(simulated=simulated_first))
    before = everything(tmp_path)
    with pytest.raises(ReportError) as raised:
        archive.add(tmp_path, snapshot(simulated=not simulated_first, as_of=as_of), replace=True)
    assert sentence(raised) == (
        f"{tmp_path}: simulated and real snapshots cannot share an archive "
        f"(2026-05-20 is {'simulated' if simulated_first else 'real'}); choose another folder with --archive."
    )
    assert everything(tmp_path) == before


# --- Interrupted -----------------------------------------------------------------------------------------


class PowerCut(BaseException):
    """Not an Exception, as Ctrl-C is none."""


def half_written(folder: Path, *_: Any) -> NoReturn:
    (folder / archive.DATA).write_bytes(b"PAR1 half")
    raise PowerCut


@pytest.mark.parametrize("again", [snapshot(as_of=date(2026, 6, 1)), NEW])
def test_an_interrupted_write_leaves_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch, again: Snapshot) -> None:
    before = everything(kept)
    with monkeypatch.context() as patch:
        patch.setattr("generator.archive.snapshots._write", half_written)
        with pytest.raises(PowerCut):
            archive.add(kept, again, replace=True)
    assert everything(kept) == before
    assert archive.add(kept, again, replace=True) in ("added", "replaced")


def test_what_a_killed_process_left_is_no_obstacle(kept: Path) -> None:
    left = kept / f".writing-{DAY}-{os.getpid()}"
    left.mkdir()
    (left / archive.DATA).write_bytes(b"PAR1 half")
    assert len(archive.entries(kept)) == 2
    assert archive.add(kept, NEW, replace=True) == "replaced"
    assert not left.exists()


def test_a_replacement_cut_before_the_new_is_there_brings_the_old_back(kept: Path) -> None:
    stored = only(kept)
    stored.folder.rename(kept / f".superseded-{DAY}")
    assert archive.add(kept, OLD) == "unchanged"
    archive.verify(stored)
    assert sorted(path.name for path in kept.iterdir()) == ["snapshot=2026-04-30", FOLDER]


def test_a_replacement_cut_after_the_new_is_there_forgets_the_old(kept: Path) -> None:
    shutil.copytree(kept / FOLDER, kept / f".superseded-{DAY}")
    assert archive.add(kept, OLD) == "unchanged"
    assert sorted(path.name for path in kept.iterdir()) == ["snapshot=2026-04-30", FOLDER]


def test_a_replacement_that_cannot_be_put_in_place_keeps_the_old(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(kept)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name.startswith(".writing-"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(ReportError) as raised:
            archive.add(kept, NEW, replace=True)
    assert "what was there before is unchanged" in sentence(raised)
    assert everything(kept) == before


# --- Damage ----------------------------------------------------------------------------------------------


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("models.parquet", flip, "does not match the SHA-256 in its manifest (altered?)", "or restore it."),
    ("models.parquet", cut, "bytes long, its manifest says", "or restore it."),
    ("models.parquet", Path.unlink, "the snapshot's data is missing", "or restore it."),
    ("manifest.json", Path.unlink, "the snapshot has no manifest", "restore it or remove the folder."),
    ("manifest.json", cut, "unreadable manifest (1 validation error", "restore it or remove the folder."),
    ("manifest.json", lambda path: path.write_text(""), "unreadable manifest (", "restore it or remove"),
    ("manifest.json", lambda path: path.write_bytes(b"\xff{}"), "unreadable manifest (", "restore it or"),
    ("manifest.json", lambda path: path.write_text("{}"), "unreadable manifest (", "restore it or remove"),
    (
        "manifest.json",
        lambda path: edit(path, lambda manifest: manifest.update(rows="many")),
        "unreadable manifest (1 validation error",
        "restore it or remove the folder.",
    ),
    (
        "manifest.json",
        lambda path: edit(path, lambda manifest: manifest.update(schema_version=SCHEMA_VERSION + 1)),
        f"has schema version {SCHEMA_VERSION + 1}, this generator knows up to {SCHEMA_VERSION}",
        "update the generator.",
    ),
    (
        "manifest.json",
        folder_instead,
        "cannot be read (Is a directory)",
        "mend its permissions",
    ),
]


@pytest.mark.parametrize(("name", "damage", "said", "mend"), DAMAGE)
def test_damage_is_named_and_refused(
    kept: Path, name: str, damage: Callable[[Path], object], said: str, mend: str
) -> None:
    damaged = kept / FOLDER / name
    damage(damaged)
    attempts: list[Callable[[], object]] = [
        lambda: archive.add(kept, OLD),
        lambda: archive.add(kept, NEW, replace=True),
        lambda: list(map(archive.verify, archive.entries(kept))),
    ]
    if name == archive.MANIFEST:
        attempts.append(lambda: archive.status(kept))
        attempts.append(lambda: archive.add(kept, snapshot(as_of=date(2026, 6, 1))))
    for attempt in attempts:
        with pytest.raises(ReportError) as raised:
            attempt()
        message = sentence(raised)
        assert message.startswith(f"{damaged}: ") and said in message and mend in message


def test_damage_tells_how_to_collect_again(kept: Path) -> None:
    flip(kept / FOLDER / archive.DATA)
    with pytest.raises(ReportError) as raised:
        archive.add(kept, OLD)
    assert f"collect 2026-05-20 again with --replace after removing {kept / FOLDER}" in sentence(raised)
    shutil.rmtree(kept / FOLDER)
    assert archive.add(kept, OLD) == "added"


def test_a_newer_manifest_may_say_more(kept: Path) -> None:
    edit(kept / FOLDER / archive.MANIFEST, lambda manifest: manifest.update(mood="good"))
    assert archive.add(kept, OLD) == "unchanged"


def test_a_stray_file_is_named(kept: Path) -> None:
    (kept / "snapshot=2026-01-01").write_text("no folder")
    with pytest.raises(ReportError) as raised:
        archive.entries(kept)
    assert f"remove {kept / 'snapshot=2026-01-01'}." in sentence(raised)


# --- Disks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [snapshot(as_of=date(2026, 6, 1)), NEW])
def test_a_full_disk(kept: Path, monkeypatch: pytest.MonkeyPatch, again: Snapshot) -> None:
    def full(path: Path, *_: Any) -> NoReturn:
        path.write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = everything(kept)
    monkeypatch.setattr("generator.archive.parquet.write", full)
    with pytest.raises(ReportError) as raised:
        archive.add(kept, again, replace=True)
    assert sentence(raised) == (
        f"{kept}: cannot be written (No space left on device: {kept}); what was there before is unchanged. "
        "Free some space, or mend the permissions."
    )
    assert everything(kept) == before


def test_no_permission(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: Any, **__: Any) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    before = everything(kept)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(ReportError) as raised:
            archive.add(kept, NEW, replace=True)
    assert f"{kept}: cannot be written (Permission denied: {kept})" in sentence(raised)
    assert everything(kept) == before


def test_a_manifest_without_permission(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: Any, **__: Any) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ReportError) as raised:
        archive.status(kept)
    assert "manifest.json: cannot be read (Permission denied); mend its permissions" in sentence(raised)


def test_an_archive_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "archive"):
        with pytest.raises(ReportError) as raised:
            archive.add(folder, OLD)
        assert sentence(raised).startswith(f"{folder}: cannot be written (")
    assert (tmp_path / "file").read_text() == "in the way"


# --- Status ----------------------------------------------------------------------------------------------


def test_the_status_lists_every_snapshot(kept: Path) -> None:
    skipped = {"negative downloads": 3, "no model id": 1}
    rows = [model(f"a/{number}") for number in range(1234)]
    archive.add(kept, snapshot(*rows, as_of=date(2026, 6, 1), skipped=skipped))
    archive.add(kept, NEW, replace=True)
    title, blank, header, *lines = archive.status(kept).splitlines()
    assert (title, blank) == (f"{kept}: 3 snapshots", "")
    assert header.split() == ["date", "models", "size", "source", "skipped", "revised", "detail"]
    assert [re.sub(r"\d+ kB", "SIZE", line).split() for line in lines] == [
        ["2026-04-30", "1", "SIZE", "file", "0", "0", "models.parquet"],
        ["2026-05-20", "2", "SIZE", "file", "0", "1", "models.parquet"],
        ["2026-06-01", "1,234", "SIZE", "file", "4", "0", "models.parquet"],
    ]


@pytest.mark.parametrize("made", [False, True])
def test_the_status_of_an_empty_archive(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "archive"
    if made:
        folder.mkdir()
    assert archive.entries(folder) == []
    assert archive.status(folder) == f"{folder}: no snapshots yet. `python -m generator collect` adds one."
    assert folder.exists() == made
