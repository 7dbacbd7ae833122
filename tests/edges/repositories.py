"""Real git repositories for the tests: ordinary ones, odd ones, and hostile ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@localhost",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@localhost",
}


class Repository:
    """A repository whose user is ``home``'s. ``sh`` runs git as its user would."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path, self.home = path, home
        path.mkdir(parents=True, exist_ok=True)

    @classmethod
    def new(cls, path: Path, home: Path) -> Repository:
        """With one commit of ``a.txt`` and ``dir/b.txt``."""
        one = cls(path, home)
        one.git("init", "-q", "-b", "main")
        one.write("a.txt", "one\n")
        one.write("dir/b.txt", "two\n")
        one.write(".gitignore", "*.log\n")
        one.git("add", "-A")
        one.git("commit", "-q", "-m", "first")
        return one

    def git(self, *arguments: str, check: bool = True) -> str:
        environment = _ENVIRONMENT | {"HOME": str(self.home)}
        call = ["git", "-C", str(self.path), *arguments]
        done = subprocess.run(call, capture_output=True, env=environment, check=False)
        assert not check or done.returncode == 0, done.stderr.decode()
        return os.fsdecode(done.stdout)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def fingerprint(self) -> dict[str, str]:
        """All that is its user's: each file of the work tree, the index, every ref and reflog.

        Without objects, which git collects by itself, and without our own refs.
        """
        found = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = Path(folder, name)
                known = str(path.relative_to(self.path))
                if known.startswith((".git/objects/", ".git/refs/tmuxclaude/")):
                    continue
                found[known] = _digest(path)
        refs = self.git("for-each-ref", "--format=%(refname) %(objectname)")
        found["refs"] = "".join(r for r in refs.splitlines(True) if "tmuxclaude" not in r)
        found["stash"] = self.git("stash", "list")
        return found

    def shown(self, commit: str, name: str) -> str:
        return self.git("show", f"{commit}:{name}")

    def listed(self, commit: str) -> set[str]:
        names = self.git("ls-tree", "-rz", "--name-only", "--full-tree", commit)
        return {name for name in names.split("\0") if name}


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    if not path.is_file():
        return "no file"
    facts = path.stat()
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    except PermissionError:
        content = "unreadable"
    # Git itself makes a shared index younger whenever it reads one, lest it be collected.
    time = 0 if path.name.startswith("sharedindex.") else facts.st_mtime_ns
    return f"{facts.st_mode:o} {time} {content}"
