"""Where numbers come from: each module turns one source into :class:`generator.snapshot.Snapshot` objects."""
