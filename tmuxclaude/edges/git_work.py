"""The work in a git repository: looks at it, keeps it as a commit, and gives it back.

It is kept under ``refs/tmuxclaude/checkpoints/``, made with an index of our own outside of the
repository, so that the user's index, work tree, stash, branches and locks are not touched. Left out
are ignored files, ``.env*``, what cannot be read and what is no file; of those that are tracked the
commit's version stays. Knows nothing of conversations.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.core.checkpoints import File, Work
from tmuxclaude.edges.failpoints import around
from tmuxclaude.edges.git import ForeignError, Git, GitError, last_line, line, split

REFS = "refs/tmuxclaude/checkpoints/"

MANY = 1000
"""More files than this are kept in one pack."""

_NO_WORK_TREE = (b"not a git repository", b"in a work tree", b"cannot use bare repository")

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept in a repository, whichever of its work trees it was taken in."""

    git: Git

    @classmethod
    def of(cls, repository: str, home: str) -> Kept | None:
        """``repository``: git's own directory, absolute; ``None`` when it is gone, or not ours."""
        try:
            ours = Path(repository).stat().st_uid == os.geteuid()
        except OSError:
            return None
        known = ours and Path(repository).is_absolute()
        return cls(Git.at(repository, home, itself=True)) if known else None

    def names(self) -> list[str]:
        """The names that are kept here."""
        done = self.git.call("for-each-ref", "--format=%(refname)", REFS)
        return [ref.removeprefix(REFS) for ref in line(done.stdout).splitlines()]

    def forget(self, name: str) -> None:
        """Drops a name; git collects what it led to. No error when it is gone already.

        So goes the lock on it, which only a crash of ours can have left: nobody else has our names.
        """
        lock = self._inside(f"{_ref(name)}.lock")
        lock.unlink(missing_ok=True)
        self.git.call("update-ref", "--no-deref", "-d", _ref(name))

    def difference(self, before: str, after: str) -> str:
        """The patch from one commit or tree to another, as git prints it."""
        flags = ("--no-ext-diff", "--no-textconv", "--no-color", "-r", "-p", "--stat")
        return os.fsdecode(self.git.call("diff-tree", *flags, before, after, "--").stdout)

    def restore(self, commit: str, to: str) -> None:
        """A new work tree at ``to``, which must not exist or be empty, with its head detached.

        No filter runs, so files of git-lfs are the pointers that are committed.
        """
        self.git.call("worktree", "add", "--detach", "--quiet", "--", to, commit)

    def _inside(self, name: str) -> Path:
        """Where git keeps a file of its own."""
        done = self.git.call("rev-parse", "--path-format=absolute", "--git-path", name)
        return Path(line(done.stdout))


@dataclass(frozen=True, slots=True)
class Tree(Kept):
    """A work tree. ``root``: absolute, links resolved."""

    root: str

    @classmethod
    def around(cls, directory: str, home: str, until: float = math.inf) -> Tree | None:
        """The work tree that ``directory`` is in; ``None`` where there is none to keep.

        There is none in a bare repository, and none where the work tree is the home directory or
        above it, whatever a repository claims: that would be everything its user has. Raises
        ``GitError`` when git does not read the repository, ``ForeignError`` when it never will.
        """
        git = Git.at(directory, home, until)
        done = git.call("rev-parse", "--show-toplevel", check=False)
        if done.returncode:
            if b"dubious ownership" in done.stderr:
                raise ForeignError("the repository is another user's, so git does not read it")
            if any(words in done.stderr for words in _NO_WORK_TREE):
                return None
            raise GitError(last_line(done.stderr))
        root = os.path.realpath(line(done.stdout))
        inside = _within(os.path.realpath(directory), root)
        if not inside or _within(os.path.realpath(home), root):
            return None
        return cls(replace(git, directory=root), root)

    # -- looking ---------------------------------------------------------------------------------

    def repository(self) -> str:
        """Git's own directory, absolute: the one that all work trees of the repository share."""
        done = self.git.call("rev-parse", "--path-format=absolute", "--git-common-dir")
        return line(done.stdout)

    def uncommitted(self) -> int:
        """How many files differ from the commit, untracked ones with them."""
        with self._index() as index:
            return len(self._changes(index, self._commit()))

    def look(self) -> Work:
        """What differs, with the hash of each file."""
        commit = self._commit()
        branch = line(self.git.call("symbolic-ref", "-q", "--short", "HEAD", check=False).stdout)
        with self._index() as index:
            changes = self._changes(index, commit)
        seen = [_read(self.root, path, change) for path, change in changes.items()]
        files = tuple(file for file, _ in seen)
        left_out = tuple(file.path for file, may_be_kept in seen if not may_be_kept)
        return Work(self.root, commit, branch, files, left_out)

    def _commit(self) -> str:
        found = self.git.call("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False)
        return line(found.stdout)

    def _changes(self, index: str, commit: str) -> dict[str, str]:
        """Each path that differs from ``commit`` or is untracked, with git's letter for it."""
        if commit:
            found = self._compared(index, "diff-index", "--cached", commit)
        else:
            listed = self.git.call("ls-files", "-z", GIT_INDEX_FILE=index)
            found = dict.fromkeys(split(listed.stdout), "A")
        found |= self._compared(index, "diff-files")
        others = self.git.call("ls-files", "-zo", "--exclude-standard", GIT_INDEX_FILE=index)
        return found | dict.fromkeys(split(others.stdout), "?")

    def _compared(self, index: str, command: str, *arguments: str) -> dict[str, str]:
        flags = ("-z", "--name-status", "--no-renames", "--no-ext-diff", "--ignore-submodules=all")
        done = self.git.call(command, *flags, *arguments, "--", GIT_INDEX_FILE=index)
        fields = iter(split(done.stdout))
        found = [(path, letter[:1]) for letter, path in zip(fields, fields, strict=True)]
        # What is unmerged is listed twice, and then as what it differs in.
        return dict(found) | {path: letter for path, letter in found if letter == "U"}

    # -- keeping ---------------------------------------------------------------------------------

    def keep(self, work: Work, name: str, message: str, at: float) -> str:
        """Keeps ``work`` as a commit of this name; its full hash. ``at``: UTC epoch seconds.

        What its user changes meanwhile may be in it or not. Interrupted at any point it leaves
        nothing but objects, which git collects by itself.
        """
        parent = ("-p", work.commit) if work.commit else ()
        date = f"@{at:.0f} +0000"
        done = self.git.call(
            *("commit-tree", self.snapshot(work), *parent),
            text=message,
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        commit = _hash(done.stdout)
        self.git.call("update-ref", "--no-deref", _ref(name), commit, "")
        return commit

    def snapshot(self, work: Work) -> str:
        """The tree of ``work``, to be compared with another; no name leads to it."""
        out = set(work.left_out)
        kept = [file for file in work.files if file.path not in out]
        with self._index() as index:
            gone = [file.path for file in kept if file.change == "D"]
            self._update(index, "--force-remove", gone)
            self._update(index, "--add", [file.path for file in kept if file.change != "D"])
            if out:
                self._as_committed(index, work.commit, out)
            return _hash(self.git.call("write-tree", GIT_INDEX_FILE=index).stdout)

    def _update(self, index: str, how: str, paths: Sequence[str]) -> None:
        if not paths:
            return
        # Into one pack instead of a file each: seven times as fast for 20,000 new files.
        packed = ("-c", "core.bigFileThreshold=1") if len(paths) > MANY else ()
        given = "".join(f"{path}\0" for path in paths)
        command = (*packed, "update-index", "-z", how, "--stdin")
        self.git.call(*command, text=given, GIT_INDEX_FILE=index)

    def _as_committed(self, index: str, commit: str, paths: set[str]) -> None:
        """Whatever the index holds of these paths, staged or in a merge, the commit's is kept."""
        self._update(index, "--force-remove", sorted(paths))
        if not commit:
            return
        entries = split(self.git.call("ls-tree", "-rz", "--full-tree", commit).stdout)
        given = "".join(f"{one}\0" for one in entries if one.partition("\t")[2] in paths)
        self.git.call("update-index", "-z", "--index-info", text=given, GIT_INDEX_FILE=index)

    @contextmanager
    def _index(self) -> Iterator[str]:
        """A copy of the user's index. Its time is kept, for git trusts no file that is younger."""
        with tempfile.TemporaryDirectory(prefix="tmuxclaude-") as scratch:
            with suppress(FileNotFoundError):  # nothing was ever added
                shutil.copy2(self._inside("index"), f"{scratch}/index")
            with around("checkpoint-index"):
                yield f"{scratch}/index"


def _read(root: str, path: str, change: str) -> tuple[File, bool]:
    """The file as it is now, and whether a snapshot may take it."""
    import hashlib  # 3 MB of memory, and who only looks reads no file

    full = Path(root, path)
    secret = any(part.startswith(".env") for part in full.relative_to(root).parts)
    try:
        if os.path.realpath(full.parent) != str(full.parent):  # a link stands where a folder was
            raise NotADirectoryError
        facts = full.lstat()
        if stat.S_ISDIR(facts.st_mode) and change != "?":  # a folder stands where a file was
            raise FileNotFoundError
        if stat.S_ISLNK(facts.st_mode):
            target = os.fsencode(full.readlink())
            return File(path, change, len(target), hashlib.sha256(target).hexdigest()), not secret
        if not stat.S_ISREG(facts.st_mode):
            return File(path, change), False
        with os.fdopen(os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return File(path, "D"), not secret
    except OSError:
        return File(path, change), False
    return File(path, change, facts.st_size, digest), not secret


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _ref(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a checkpoint's name: {name!r}")
    return REFS + name


def _hash(output: bytes) -> str:
    found = line(output)
    if not _HASH.fullmatch(found):
        raise GitError("git answered something else than a hash")
    return found
