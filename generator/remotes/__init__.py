"""Where the archive is kept between runs: a branch of a git repository, or a dataset repository on the Hub."""

from generator.remotes.git import on_branch
from generator.remotes.hub import on_hub
from generator.remotes.remote import Remote

__all__ = ["Remote", "on_branch", "on_hub"]
