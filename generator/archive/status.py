"""What the archive holds, for people."""

from pathlib import Path

from generator.archive.manifest import entries


def status(archive: Path) -> str:
    """A table of the archive's snapshots, by their manifests alone.

    Raises:
        ReportError: as :func:`generator.archive.entries`.
    """
    found = entries(archive)
    if not found:
        return f"{archive}: no snapshots yet. `python -m generator collect` adds one."
    lines = [f"{archive}: {len(found)} snapshots", ""]
    lines.append(f"{'date':<12}{'models':>10}{'size':>10}  {'source':<10}{'skipped':>8}{'revised':>9}  detail")
    for item in found:
        manifest = item.manifest
        lines.append(
            f"{manifest.as_of!s:<12}{manifest.rows:>10,}{manifest.bytes / 1e3:>7,.0f} kB  {manifest.kind:<10}"
            f"{sum(manifest.skipped.values()):>8,}{len(manifest.revisions):>9}  {manifest.detail}"
        )
    return "\n".join(lines)
