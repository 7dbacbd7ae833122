"""A copy of a user's index: what differs from it, and how a snapshot's tree is made with it.

The copy lies outside of the repository, and only the copy is ever written. Git's answers about a
file are taken from the file: what the index says of it by heart (that it is as it was, that nobody
should look at it) is asked anew first. Knows nothing of what a tree is kept for.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges.failpoints import around
from tmuxclaude.edges.git.call import FailedError, Git, GitError, line, split

MANY = 1000
"""More files than this are kept in one pack."""

REFUSALS = 64
"""After so many failures it is not the files that git does not take."""

_SUBMODULE = "160000"
"""The mode of an entry that names a commit of another repository."""

_NOT_OF_A_FILE = ("adding an object", "No space left", "Read-only", "unable to write")

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Change:
    """Git's letter for it, or ``?`` for what is untracked; and whether a submodule is there."""

    letter: str
    submodule: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """The copy at ``path``, of the work tree at ``root``."""

    git: Git
    root: str
    path: str

    @classmethod
    @contextmanager
    def copied(cls, git: Git, root: str, original: Path) -> Iterator[Index]:
        """Gone when the block ends. The time is kept, for git trusts no file that is younger."""
        with tempfile.TemporaryDirectory(prefix="tmuxclaude-") as scratch:
            with suppress(FileNotFoundError):  # nothing was ever added
                shutil.copy2(original, f"{scratch}/index")
            with around("checkpoint-index"):
                yield cls(git, root, f"{scratch}/index")

    def _call(self, *arguments: str, text: str = "", check: bool = True) -> bytes:
        return self.git.call(*arguments, text=text, check=check, GIT_INDEX_FILE=self.path).stdout

    # -- looking ---------------------------------------------------------------------------------

    def reveal(self) -> list[str]:
        """What git was told to overlook is looked at; the paths of all submodules.

        What a sparse checkout leaves out stays so.
        """
        submodules, assumed, skipped = [], [], []
        for tag, mode, path in self._entries():
            if mode == _SUBMODULE:
                submodules.append(path)
            if tag.islower():
                assumed.append(path)
            if tag in "Ss" and os.path.lexists(f"{self.root}/{path}"):
                skipped.append(path)
        self._update("--no-assume-unchanged", assumed)
        self._update("--no-skip-worktree", skipped)
        return submodules

    def refresh(self) -> None:
        """What was only touched is as it was; of what does not change, nothing is read."""
        self._call("update-index", "-q", "--ignore-submodules", "--refresh", check=False)

    def changes(self, commit: str) -> dict[str, Change]:
        """Each path that differs from ``commit`` (empty: there is none yet) or is untracked."""
        if commit:
            found = self._compared("diff-index", "--cached", commit)
        else:
            entries = self._entries()
            found = {path: Change("A", mode == _SUBMODULE) for _, mode, path in entries}
        found |= self._compared("diff-files")
        others = split(self._call("ls-files", "-zo", "--exclude-standard"))
        return found | dict.fromkeys(others, Change("?"))

    def _entries(self) -> Iterator[tuple[str, str, str]]:
        """Of each entry git's tag, the mode and the path."""
        for entry in split(self._call("ls-files", "-z", "-v", "-s")):
            facts, _, path = entry.partition("\t")
            tag, mode, *_ = facts.split(" ")
            yield tag, mode, path

    def _compared(self, command: str, *arguments: str) -> dict[str, Change]:
        """Of a submodule git reads the commit that it is at, and runs nothing there."""
        flags = ("-z", "--raw", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty")
        fields = iter(split(self._call(command, *flags, *arguments, "--")))
        found = []
        for facts, path in zip(fields, fields, strict=True):
            _, mode, _, _, letter = facts.split(" ")
            found.append((path, Change(letter[:1], mode == _SUBMODULE)))
        # What is unmerged is listed twice, and then as what it differs in.
        return dict(found) | {path: one for path, one in found if one.letter == "U"}

    # -- making a tree ---------------------------------------------------------------------------

    def tree(self) -> str:
        """The hash of what it holds."""
        return whole_hash(self._call("write-tree"))

    def remove(self, paths: Sequence[str]) -> None:
        self._update("--force-remove", paths)

    def add(self, paths: Sequence[str]) -> list[str]:
        """Takes files as they are now. Those that git does not take stay, and are returned: one
        that is not in the encoding that its repository claims, one that has gone meanwhile."""
        waiting, refused, failures = [list(paths)], [], 0
        while waiting:
            some = waiting.pop()
            try:
                self._update("--add", some)
            except FailedError as problem:
                failures += 1
                if failures > REFUSALS or any(said in str(problem) for said in _NOT_OF_A_FILE):
                    raise
                half = len(some) // 2
                if half:
                    waiting += [some[half:], some[:half]]
                else:
                    refused += some
        return refused

    def as_committed(self, commit: str, paths: Collection[str]) -> None:
        """Whatever it holds of these paths, staged or in a merge, the commit's takes its place."""
        self._update("--force-remove", sorted(paths))
        if not commit or not paths:
            return
        entries = split(self.git.call("ls-tree", "-rz", "--full-tree", commit).stdout)
        given = "".join(f"{one}\0" for one in entries if one.partition("\t")[2] in paths)
        self._call("update-index", "-z", "--index-info", text=given)

    def _update(self, how: str, paths: Sequence[str]) -> None:
        if not paths:
            return
        # Into one pack instead of a file each: seven times as fast for 20,000 new files.
        packed = ("-c", "core.bigFileThreshold=1") if len(paths) > MANY else ()
        given = "".join(f"{path}\0" for path in paths)
        self._call(*packed, "update-index", "-z", how, "--stdin", text=given)


def whole_hash(output: bytes) -> str:
    """The hash that a command printed."""
    found = line(output)
    if not _HASH.fullmatch(found):
        raise GitError("git answered something else than a hash")
    return found
