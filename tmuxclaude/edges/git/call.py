"""The one door to git, for repositories that nobody vouches for.

A repository can name programs for git to run: hooks, filters, a file system monitor, helpers of a
transport. None of them is run here. Git gets an environment of ours, every such key is emptied (the
filters by their names, for there is no switch for them), and only plumbing commands are called,
which do nothing more than they say. Git itself refuses a repository of another user, and that is
kept. libgit2 would run no such programs either, but it does not read every repository that the
user's own git writes: sparse and split indexes, newer formats.

Knows how git is called, not what for (``edges/git/work``). Seen with git 2.39; 2.31 is needed.
"""

from __future__ import annotations

import math
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from tmuxclaude.core import errors

SECONDS = 60.0
"""How long one command may take."""

ENDING_SECONDS = 2.0
"""How long one that is told to end may take to tidy up."""

OUTPUT_BYTES = 64 * 2**20
"""More output than this is a mistake or an attack."""

ROOM_BYTES = 2**16
"""A disk with less is full."""

_FILTER = re.compile(r"(filter\..*)\.(?:clean|smudge|process|required)", re.DOTALL)

_NOTHING_RUNS = {
    "core.fsmonitor": "false",
    "core.fsyncMethod": "batch",  # all objects of a command reach the disk with one flush
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.safecrlf": "false",
    "core.splitIndex": "false",
    "core.logAllRefUpdates": "false",
    "commit.gpgSign": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}

_AUTHOR = {
    f"GIT_{part}_{key}": value
    for part in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "tmuxclaude"), ("EMAIL", "tmuxclaude@localhost"))
}


class GitError(errors.TmuxclaudeError):
    """Git is missing, refused, failed or took too long; nothing of the user's was changed."""


class FailedError(GitError):
    """It ran to its end and said no."""


class ForeignError(GitError):
    """The repository belongs to another user, so git does not read it; trying again is no use."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git, called in one directory. ``environment``: all that it is told besides its arguments.

    ``until``: when (``time.monotonic``) whatever it still does is ended.
    """

    program: str
    directory: str
    environment: Mapping[str, str]
    until: float = math.inf

    @classmethod
    def at(cls, directory: str, home: str, until: float = math.inf, itself: bool = False) -> Git:
        """Git in ``directory``; raises ``GitError`` when it is not installed.

        ``itself``: ``directory`` is the repository, not a work tree. Git then does not ask whose it
        is, so whoever calls this must have.
        """
        program = shutil.which("git")
        if program is None:
            raise GitError("git is not installed")
        plain = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "LC_ALL": "C",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LITERAL_PATHSPECS": "1",
        }
        plain |= _AUTHOR | ({"GIT_DIR": directory} if itself else {})
        bare = cls(program, directory, plain | _configured(_NOTHING_RUNS), until)
        keys = split(bare.call("config", "--list", "--name-only", "-z", check=False).stdout)
        filters = {found[1] for key in keys if (found := _FILTER.fullmatch(key))}
        emptied = {f"{one}.{key}": "" for one in filters for key in ("clean", "smudge", "process")}
        emptied |= {f"{one}.required": "false" for one in filters}
        return cls(program, directory, plain | _configured(_NOTHING_RUNS | emptied), until)

    def call(
        self, *arguments: str, text: str = "", check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs one command with ``text`` on its standard input.

        Raises ``GitError`` when it takes too long, prints too much or is killed, and, with
        ``check``, when it fails.
        """
        command = [self.program, "-C", self.directory, *arguments]
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(os.fsencode(text))
            given.seek(0)
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=out,
                stderr=err,
                env={**self.environment, **environment},
            )
            status = _wait(process, arguments, min(SECONDS, self.until - time.monotonic()))
            done = subprocess.CompletedProcess(command, status, _all(out), _all(err))
        if status < 0:
            raise GitError(f"git {_verb(arguments)} was ended by signal {-status}")
        if check and status:
            raise FailedError(f"git {_verb(arguments)}: {last_line(done.stderr)}")
        return done


def _wait(process: subprocess.Popen[bytes], arguments: Sequence[str], seconds: float) -> int:
    """Git stays in the caller's process group, so that both can be ended together."""
    try:
        return _ended(process, max(seconds, 0.0))
    except BaseException as problem:
        process.terminate()  # it takes its locks away, and ends what it has started
        try:
            process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if isinstance(problem, subprocess.TimeoutExpired):
            raise GitError(f"git {_verb(arguments)} took too long") from None
        raise


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Its status; raises ``TimeoutExpired``. Where the system tells of an end, that is slept for:
    Python's own wait looks again and again, with pauses that are longer than most of git's
    commands take."""
    if sys.platform == "linux":
        handle = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(seconds * 1000)
        finally:
            os.close(handle)
        seconds = 0.0
    return process.wait(seconds)


def _verb(arguments: Sequence[str]) -> str:
    return arguments[2] if arguments[0] == "-c" else arguments[0]


def _configured(values: Mapping[str, str]) -> dict[str, str]:
    """Configuration as an environment, where a key may hold any character."""
    given = {"GIT_CONFIG_COUNT": str(len(values))}
    for at, (key, value) in enumerate(values.items()):
        given |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    return given


def _all(written: IO[bytes]) -> bytes:
    size = os.fstat(written.fileno()).st_size
    if size > OUTPUT_BYTES:
        raise GitError(f"git printed {size} bytes, which is too much")
    return os.pread(written.fileno(), size, 0)


def line(output: bytes) -> str:
    """The one line that a command printed, without its end."""
    return os.fsdecode(output).removesuffix("\n")


def split(output: bytes) -> list[str]:
    """What a command with ``-z`` printed."""
    return [item for item in os.fsdecode(output).split("\0") if item]


def last_line(error: bytes) -> str:
    """What git said last, for people."""
    lines = os.fsdecode(error).strip().splitlines() or [_silent()]
    return lines[-1].removeprefix("fatal: ")


def _silent() -> str:
    """Where there is no room for its output, there is none for its complaint."""
    place = tempfile.gettempdir()
    full = shutil.disk_usage(place).free < ROOM_BYTES
    return f"no room is left on the disk of {place}" if full else "it failed without a word"
