"""Where our files are, and that nobody else can read or replace them.

Knows the environment variables that say where, and the owner and mode that a private directory and
a private file must have. Knows nothing of what is in the files.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.edges import listening

LONGEST_SOCKET = 103
"""Bytes of a Unix socket's path: 104 with its final zero on macOS, 108 on Linux."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The configuration file, and the two directories that hold everything else."""

    config: Path
    state_dir: Path
    runtime_dir: Path

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Paths:
        """The paths that these environment variables say.

        ``TMUXCLAUDE_CONFIG``, ``TMUXCLAUDE_STATE_DIR`` and ``TMUXCLAUDE_RUNTIME_DIR`` come before
        the XDG variables, those before what lies under the home directory. An XDG variable that is
        empty or relative counts as unset, as its specification wants. Raises ``UsageError`` for a
        relative path of our own variables, and for a socket path that is too long.
        """
        home = _absolute(env, "HOME") or _home_of_this_user()
        config_home = _absolute(env, "XDG_CONFIG_HOME") or home / ".config"
        state_home = _absolute(env, "XDG_STATE_HOME") or home / ".local" / "state"
        runtime_home = _absolute(env, "XDG_RUNTIME_DIR")
        state_dir = _ours(env, "TMUXCLAUDE_STATE_DIR") or state_home / "tmuxclaude"
        runtime_dir = runtime_home / "tmuxclaude" if runtime_home else state_dir / "run"
        paths = cls(
            config=_ours(env, "TMUXCLAUDE_CONFIG") or config_home / "tmuxclaude" / "config.toml",
            state_dir=state_dir,
            runtime_dir=_ours(env, "TMUXCLAUDE_RUNTIME_DIR") or runtime_dir,
        )
        length = len(os.fsencode(paths.socket))
        if length > LONGEST_SOCKET:
            raise UsageError(
                f"{paths.socket} is {length} bytes long and a Unix socket's path may have "
                f"{LONGEST_SOCKET}; set TMUXCLAUDE_RUNTIME_DIR to a shorter directory"
            )
        return paths

    def running(self) -> Paths:
        """The same, with the runtime directory of the supervisor that runs, which may have been
        started with another environment."""
        return replace(
            self, runtime_dir=Path(listening.runtime_dir(str(self.lock), str(self.runtime_dir)))
        )

    @property
    def database(self) -> Path:
        return self.state_dir / "tmuxclaude.db"

    @property
    def transcripts(self) -> Path:
        """What was read of transcripts, to be read only once: a cache."""
        return self.state_dir / "transcripts.db"

    @property
    def log(self) -> Path:
        return self.state_dir / "supervisor.log"

    @property
    def raw_log(self) -> Path:
        """What the supervisor prints besides its log: why it could not start, how it crashed."""
        return self.state_dir / "supervisor.err"

    @property
    def hooks(self) -> Path:
        """The directory of the settings files that carry our hooks to Claude Code."""
        return self.state_dir / "hooks"

    @property
    def scratch(self) -> Path:
        """What taking a checkpoint needs only meanwhile."""
        return self.state_dir / "scratch"

    @property
    def lock(self) -> Path:
        """Beside the database that it protects; runtime directories differ from shell to shell."""
        return self.state_dir / "supervisor.lock"

    @property
    def last_good(self) -> Path:
        """The configuration as the supervisor last read it without a mistake."""
        return self.state_dir / "config.last-good.toml"

    @property
    def down(self) -> Path:
        """While it is there, no keeper brings the supervisor back."""
        return self.state_dir / "supervisor.down"

    @property
    def socket(self) -> Path:
        return self.runtime_dir / listening.SOCKET

    @property
    def http(self) -> Path:
        """Where `tmuxclaude serve` listens while it runs, and its token."""
        return self.runtime_dir / "http.json"

    @property
    def rows(self) -> Path:
        """What pickers show (docs/internals/picker.md)."""
        return self.runtime_dir / "rows"

    @property
    def spool(self) -> Path:
        """The directory into which hooks drop their files.

        Beside the database: a session's hooks outlive the supervisor that it began with, and the
        next one may have another runtime directory.
        """
        return self.state_dir / "spool"

    def ensure(self) -> None:
        """Make the directories that are missing, and check that all are private.

        Raises ``RefusedError`` when one is not a real directory of this user with mode 0700, and
        ``UsageError`` when one cannot be made.
        """
        for directory in (self.state_dir, self.hooks, self.spool, self.runtime_dir):
            private_directory(directory)


def private_directory(path: Path) -> None:
    """Make ``path`` and its missing parents with mode 0700, or check that it is private already.

    One that was there before is never changed: whoever made it wide may rely on it. Nothing is made
    in a directory of another user but root, as with ``sudo`` and a kept ``HOME``. Raises as
    ``Paths.ensure`` does.
    """
    try:
        for directory in (*reversed(path.parents), path):
            if not directory.is_symlink() and not directory.exists():
                _make(directory)
        found = path.lstat()
    except OSError as error:
        raise UsageError(
            f"cannot make the directory {path}: {error.strerror}; nothing was done"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise RefusedError(f"{path} is not a real directory; nothing was written there")
    if found.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to another user; nothing was written there")
    if found.st_mode & 0o077:
        raise RefusedError(
            f"{path} is open to other users; nothing was written there. Close it: chmod 700 {path}"
        )


def private_file(path: Path, flags: int = os.O_RDWR) -> int:
    """Open ``path`` with mode 0600, whatever the umask, and return the descriptor.

    It is made when it is missing; add ``os.O_APPEND`` to ``flags`` for a log. A wide mode of an
    older file is narrowed. The descriptor is not inherited. Raises ``RefusedError`` for a symbolic
    link, for anything but a regular file and for another user's file; ``OSError`` for what else
    can happen, as a full disk.
    """
    # O_NONBLOCK: a pipe that somebody put there must not make us wait.
    safe = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        opened = os.open(path, flags | safe, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise RefusedError(f"{path} is not a regular file; it was left alone") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise RefusedError(f"{path} cannot be opened by this user") from error
        raise
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError(f"{path} is not a regular file; it was left alone")
        if found.st_uid != os.geteuid():
            raise RefusedError(f"{path} belongs to another user; it was left alone")
        os.fchmod(opened, 0o600)
        os.set_blocking(opened, True)
    except BaseException:
        os.close(opened)
        raise
    return opened


def _make(path: Path) -> None:
    if path.parent.stat().st_uid not in (os.geteuid(), 0):
        raise RefusedError(f"{path} would lie in another user's directory; it was not made")
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:  # another of our processes was faster
        return
    path.chmod(0o700)  # a umask may have taken the owner's own rights


def _home_of_this_user() -> Path:
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError as error:
        raise UsageError("HOME is not set and this user has no home directory; set HOME") from error


def _absolute(env: Mapping[str, str], name: str) -> Path | None:
    path = Path(env.get(name, ""))
    return path if path.is_absolute() else None


def _ours(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "")
    if not value:
        return None
    if not Path(value).is_absolute():
        raise UsageError(f"{name} is {value!r}; allowed: an absolute path")
    return Path(value)
