"""One question to tmux: one child process, one script on its standard input, one time-out.

Knows how tmux is found and called, when it says that there is no server, and which part of what it
prints is the answer. Must not know what is asked.

Hooks of the user run among our commands: they print into our answer, what they complain of comes as
our error and their exit code as ours, and tmux 3.3a keeps what some of them complain of and prints
it behind the next answer, whoever asked. So neither words nor exit codes tell what was done. Only
lines that begin with a question's token are ours, and a failed command takes the rest of its line
along: such a line proves what stands before it.

Why a process per question and no long-lived control client: that one must be drained for ever (a
stalled one froze the panes of tmux 3.3a), counts as somebody who is attached, was reported to wedge
on tmux 3.6a, and saves about 3 ms a tick. Why a script on standard input (``source-file -``) and
not arguments: these are limited to 16 KB and every user of the machine can read them.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tmuxclaude.core.errors import NotFoundError, RefusedError, UnreachableError, UsageError
from tmuxclaude.edges.tmux.words import Command, command, written

_NO_SERVER = re.compile(
    r"no server running on.*"
    r"|error connecting to .* \((No such file or directory|Connection refused)\)"
    r"|error connecting to .* \((Not a directory|File name too long)\)"
    r"|server exited unexpectedly|\[?lost server\]?"
)
_OURS_ALONE = re.compile(
    r"TMUXCLAUDE_FAILPOINT$|CLAUDECODE$|CLAUDE_(PID|PROJECT_DIR|ENV_FILE)$"
    r"|CLAUDE_CODE_(SESSION_ID|ENTRYPOINT|SSE_PORT)$"
    r"|(INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|MAINPID|MANAGERPID\w*|LISTEN_\w+)$"
    r"|(SYSTEMD_\w+|WATCHDOG_\w+|MEMORY_PRESSURE_\w+|XPC_\w+|SHLVL|OLDPWD|PWD|_|COLUMNS|LINES)$"
)
"""Variables that belong to whoever started us (a service manager, a shell, Claude Code itself) and
not to the panes of a tmux server that we start: each pane would inherit them."""

_VERSION = re.compile(r"(\d+)\.(\d+)")


class ServerGone(UnreachableError):  # noqa: N818  a fact, not a fault
    """tmux itself says that no server answers on this socket.

    A tidy-up of ``/tmp`` that removed the socket of a living server looks the same: whoever
    concludes that panes are gone asks first whether the server's process lives.
    """


class Silent(UnreachableError):  # noqa: N818  a fact, not a fault
    """No answer in time, or none that we understand. It says nothing about any pane.

    ``heard``: what tmux had printed until then.
    """

    def __init__(self, message: str, heard: str = "") -> None:
        super().__init__(message)
        self.heard = heard


@dataclass(frozen=True, slots=True)
class Answer:
    """What tmux printed, with what hooks of its user did; ``complaint``: its errors, or theirs."""

    out: str
    complaint: str

    def lines(self, token: str) -> list[str]:
        """Every line before the end. Raises ``Silent`` when there is none (see ``end``)."""
        found = self.out.split("\n")
        if token not in found:
            said = f"It said: {self.complaint[:200]!r}."
            raise Silent(f"tmux's answer is not whole. {said}", self.out)
        return found[: found.index(token)]

    def rows(self, token: str) -> list[str]:
        """The lines of ours among them, without the token that they begin with."""
        return ours(token, self.lines(token))


def ours(token: str, lines: Iterable[str]) -> list[str]:
    """The lines that begin with this token and a colon, without these."""
    mark = f"{token}:"
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


def new_token() -> str:
    """Hex digits that nobody can know before they are used: no title or name can forge a line."""
    return uuid4().hex


def end(token: str) -> tuple[Command]:
    """The last command line of a question: prints the line behind which nothing is an answer."""
    return (command("display-message", "-p", token),)


class Door:
    """The way to one tmux server. ``timeout`` is in seconds, for each question."""

    def __init__(self, socket: str, program: str, timeout: float) -> None:
        self.socket = socket
        self.timeout = timeout
        self._program = program

    @property
    def program(self) -> str:
        """Where tmux is. Raises ``NotFoundError`` when it is not installed."""
        found = shutil.which(self._program)
        if found is None:
            raise NotFoundError(
                f"tmux was not found ({self._program!r} on PATH). Nothing was done. "
                "Install tmux 3.2 or newer (3.5 recommended)."
            )
        return found

    def ask(self, *lines: Sequence[Command], start_with_path: str | None = None) -> Answer:
        """Run lines of commands inside one turn of the server and return what was printed.

        ``start_with_path``: start a server when there is none; this is the PATH of what runs in it.
        Raises ``ServerGone`` and ``Silent``; after a time-out the child is dead, but whether tmux
        did what was asked stays unknown.
        """
        call = [self.program, "-u", "-S", self.socket]
        call += ["start-server", ";"] if start_with_path is not None else []
        script = b"".join(written(line) + b"\n" for line in lines)
        done = self._run([*call, "source-file", "-"], script, start_with_path)
        out, complaint = (_text(stream) for stream in (done.stdout, done.stderr))
        if done.returncode == 0:
            return Answer(out, "")
        if _NO_SERVER.fullmatch(complaint.strip()):
            raise ServerGone(f"There is no tmux server on {self.socket}. Nothing was done.")
        if not (out or complaint.strip()):
            raise Silent(f"tmux failed without a word (exit code {done.returncode}).")
        return Answer(out, complaint.strip())

    def version(self) -> tuple[int, int]:
        """Major and minor version of the program. Raises ``Silent`` when it tells none."""
        done = self._run([self.program, "-V"], b"", None)
        said = _text(done.stdout)
        if not (match := _VERSION.search(said)):
            raise Silent(f"tmux -V does not tell a version: {said[:80]!r}.")
        return int(match[1]), int(match[2])

    def _run(
        self, call: list[str], script: bytes, path: str | None
    ) -> subprocess.CompletedProcess[bytes]:
        # TMUX and TMUX_PANE would choose a "current" pane. PATH would replace the one of the tmux
        # session, and even the one given by -e, in every pane that is started (tmux 3.3a), so a
        # supervisor's bare one stays here.
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"TMUX", "TMUX_PANE", "PATH"}
        }
        if path is not None:
            environment = {
                name: value for name, value in environment.items() if not _OURS_ALONE.match(name)
            }
            environment["PATH"] = path
            # tmux makes this directory for -L and its default socket, not for -S (tmux 3.3a).
            directory = Path(self.socket).parent
            if directory.name == f"tmux-{os.getuid()}":  # no other one is ours to make
                with suppress(OSError):
                    directory.mkdir(mode=0o700)
        try:
            return subprocess.run(
                call,
                input=script,
                capture_output=True,
                timeout=self.timeout,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            heard = _text(error.stdout or b"")
            raise Silent(f"tmux did not answer within {self.timeout:g} s.", heard) from error
        except OSError as error:
            raise Silent(f"tmux could not be run: {error}.") from error


def resolve_socket(name: str | None, path: str | None, environ: Mapping[str, str]) -> str:
    """The socket that tmux's own flags ``-L NAME`` and ``-S PATH`` mean, else ``$TMUX``'s.

    Raises ``UsageError`` for both flags together or a name with a slash, ``RefusedError`` when
    the socket, or the directory where tmux keeps them, belongs to another user or is no socket.
    """
    if name is not None and path is not None:
        raise UsageError("-L and -S exclude each other. Give one of them.")
    inherited = environ.get("TMUX", "").partition(",")[0]
    if path is not None:
        socket = Path(path).absolute()
    elif name is None and inherited:
        socket = Path(inherited)
    else:
        if "/" in (name or ""):
            raise UsageError(f"A tmux socket name has no slash: {name!r}. Use -S for a path.")
        socket = _socket_directory(environ) / (name or "default")
        _refuse_strangers(socket.parent)
    _refuse_strangers(socket)
    if socket.exists() and not stat.S_ISSOCK(socket.lstat().st_mode):
        raise RefusedError(f"{socket} is not a socket. Nothing was done.")
    return str(socket)


def check_socket(path: str) -> None:
    """Raises ``UsageError`` where no tmux server can be or be started: a path that is relative, too
    long, or in no directory; ``RefusedError`` as ``resolve_socket``. It need not be there yet."""
    longest = 103 if sys.platform == "darwin" else 107
    if not path.startswith("/") or "\0" in path or len(os.fsencode(path)) > longest:
        raise UsageError(
            f"{path[:120]!r} is no tmux socket; allowed: an absolute path, {longest} bytes at most"
        )
    parent = Path(path).parent
    if not parent.is_dir() and parent.name != f"tmux-{os.getuid()}":
        raise UsageError(f"there is no directory {parent} for a tmux socket")
    resolve_socket(None, path, {})


def sockets(environ: Mapping[str, str]) -> list[str]:
    """The sockets of this user in the directory where tmux keeps them by itself."""
    try:
        directory = _socket_directory(environ)
        _refuse_strangers(directory)
        found = sorted(path for path in directory.iterdir() if path.is_socket())
    except (OSError, RefusedError):
        return []
    return [str(path) for path in found if path.lstat().st_uid == os.geteuid()]


def _socket_directory(environ: Mapping[str, str]) -> Path:
    for base in (environ.get("TMUX_TMPDIR"), "/tmp"):
        if base and Path(base).is_dir():
            return Path(base).resolve() / f"tmux-{os.getuid()}"
    raise RefusedError("There is no directory for tmux sockets: /tmp is missing.")


def _refuse_strangers(path: Path) -> None:
    try:
        owner = path.lstat().st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise RefusedError(f"{path} cannot be looked at: {error}. Nothing was done.") from error
    if owner != os.geteuid():
        raise RefusedError(
            f"{path} belongs to another user (uid {owner}). Nothing was done: "
            "whoever owns a tmux socket can type into its panes."
        )


def _text(stream: bytes) -> str:
    return stream.decode("utf-8", "replace")
