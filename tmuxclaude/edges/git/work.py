"""The work in a git repository: looks at it, keeps it as a commit, and gives it back.

It is kept under ``refs/tmuxclaude/checkpoints/``, made with an index of our own outside of the
repository (``edges.git.index``), so that the user's index, work tree, stash, branches and locks are
not touched. Left out are ignored files, ``.env*`` and ``*.env``, what cannot be read and what is no
file; of those that are tracked the commit's version stays. Knows nothing of conversations.
"""

from __future__ import annotations

import math
import os
import re
import stat
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.core.checkpoints import File, Work
from tmuxclaude.edges.git.call import ForeignError, Git, GitError, last_line, line
from tmuxclaude.edges.git.index import Change, Index, whole_hash

REFS = "refs/tmuxclaude/checkpoints/"

RESERVE_BYTES = 100 * 2**20
"""What stays free on the disk of a repository."""

_NO_WORK_TREE = (b"not a git repository", b"in a work tree", b"cannot use bare repository")

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")


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

        No filter runs, so files of git-lfs are the pointers that are committed. It is whole, also
        where its repository has a sparse checkout, whose patterns git would take over.
        """
        whole = ("-c", "core.sparseCheckout=false")
        self.git.call(*whole, "worktree", "add", "--detach", "--quiet", "--", to, commit)

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
            index.reveal()
            index.refresh()
            return len(index.changes(self._commit()))

    def look(self) -> Work:
        """What differs, with the hash of each file."""
        commit = self._commit()
        branch = line(self.git.call("symbolic-ref", "-q", "--short", "HEAD", check=False).stdout)
        with self._index() as index:
            submodules = index.reveal()
            index.refresh()
            changes = index.changes(commit)
        seen = [_read(self.root, path, change) for path, change in changes.items()]
        files = tuple(file for file, _ in seen)
        left_out = tuple(file.path for file, may_be_kept in seen if not may_be_kept)
        inner = [path for path in submodules if self._has_work(path)]
        inner += [file.path.rstrip("/") for file in files if file.path.endswith("/")]
        return Work(self.root, commit, branch, files, left_out, tuple(inner))

    def _has_work(self, submodule: str) -> bool:
        """Whether anything in it is not committed; it may well be when git does not tell."""
        place = f"{self.root}/{submodule}"
        if not os.path.lexists(f"{place}/.git"):
            return False
        try:
            found = Tree.around(place, self.git.environment["HOME"], self.git.until)
            return found is not None and found.root == place and found.uncommitted() > 0
        except GitError:
            return True

    def _commit(self) -> str:
        found = self.git.call("rev-parse", "-q", "--verify", "HEAD^{commit}", check=False)
        return line(found.stdout)

    def _index(self) -> AbstractContextManager[Index]:
        return Index.copied(self.git, self.root, self._inside("index"))

    # -- keeping ---------------------------------------------------------------------------------

    def keep(self, work: Work, name: str, message: str, at: float) -> tuple[str, list[str]]:
        """Keeps ``work`` as a commit of this name: its full hash, and what git did not take.

        ``at``: UTC epoch seconds. What its user changes meanwhile may be in it or not. Interrupted
        at any point it leaves nothing but objects, which git collects by itself.
        """
        parent = ("-p", work.commit) if work.commit else ()
        date = f"@{at:.0f} +0000"
        tree, refused = self.snapshot(work)
        done = self.git.call(
            *("commit-tree", tree, *parent),
            text=message,
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        commit = whole_hash(done.stdout)
        self.git.call("update-ref", "--no-deref", _ref(name), commit, "")
        return commit, refused

    def snapshot(self, work: Work) -> tuple[str, list[str]]:
        """The tree of ``work``, to be compared with another, and what git did not take; no name
        leads to it."""
        out = set(work.left_out)
        kept = [file for file in work.files if file.path not in out]
        with self._index() as index:
            index.reveal()
            index.remove([file.path for file in kept if file.change == "D"])
            refused = index.add([file.path for file in kept if file.change != "D"])
            index.as_committed(work.commit, out.union(refused))
            return index.tree(), refused


def writable(repository: str) -> bool:
    """Whether we may write to it, and its disk lets us. ``repository``: git's own directory."""
    places, effective = ("objects", "refs"), os.access in os.supports_effective_ids
    return all(
        os.access(Path(repository, place), os.W_OK, effective_ids=effective) for place in places
    )


def room(repository: str, files: int) -> int:
    """How many bytes of that many new files may be kept there; 0 or less: none.

    Their user's disk never gets full by them: ``RESERVE_BYTES`` stay, of a small disk a tenth.
    """
    disk = os.statvfs(Path(repository, "objects"))
    reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // 10)
    return disk.f_bavail * disk.f_frsize - reserve - files * disk.f_frsize


def _read(root: str, path: str, change: Change) -> tuple[File, bool]:
    """The file as it is now, and whether a snapshot may take it."""
    import hashlib  # 3 MB of memory, and who only looks reads no file

    full, letter = Path(root, path), change.letter
    secret = _is_secret(full.relative_to(root))
    try:
        if os.path.realpath(full.parent) != str(full.parent):  # a link stands where a folder was
            raise NotADirectoryError
        facts = full.lstat()
        if stat.S_ISDIR(facts.st_mode) and change.submodule:
            return File(path, letter), True
        if stat.S_ISDIR(facts.st_mode) and letter != "?":  # a folder stands where a file was
            raise FileNotFoundError
        if secret:  # short ones could be guessed from their hash
            return File(path, letter, facts.st_size), False
        if stat.S_ISLNK(facts.st_mode):
            target = os.fsencode(full.readlink())
            return File(path, letter, len(target), hashlib.sha256(target).hexdigest()), True
        if not stat.S_ISREG(facts.st_mode):
            return File(path, letter), False
        with os.fdopen(os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return File(path, "D"), not secret
    except OSError:
        return File(path, letter), False
    return File(path, letter, facts.st_size, digest), True


def _is_secret(path: Path) -> bool:
    """``.env``, ``.ENV.local``, ``prod.env``, and all that lies in a folder that is called so."""
    parts = [part.lower() for part in path.parts]
    return any(part.startswith(".env") or part.endswith(".env") for part in parts)


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _ref(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a checkpoint's name: {name!r}")
    return REFS + name
