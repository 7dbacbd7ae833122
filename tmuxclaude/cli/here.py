"""Where we are: the directory, pane, account and zone of whoever calls, and what is configured.

As ``run`` needs them, in a hurry: next to nothing is imported, and nothing is asked of anybody.
"""

from __future__ import annotations

import os

from tmuxclaude.cli import places as files
from tmuxclaude.core.errors import NotFoundError, TmuxclaudeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class NotKeptError(Exception):
    """Claude Code is started all the same, but no session is kept of it; why."""


def configured(env: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The configured command, and the variables that a relaunch gets too.

    The configuration is read as a whole only where it may say anything about these.
    """
    text = configuration(env)
    if not (b"claude" in text or b"launch" in text):
        return ("claude",), {}
    from tmuxclaude import app

    rules = app.rules(app.paths())
    return rules.claude.command, {name: env[name] for name in rules.launch.env if name in env}


def configuration(env: Mapping[str, str]) -> bytes:
    """The text of the configuration, to see what it says nothing about; empty for none."""
    home = env.get("XDG_CONFIG_HOME", "")
    base = home if home.startswith("/") else f"{files.home(env)}/.config"
    try:
        with open(  # noqa: PTH123
            env.get("TMUXCLAUDE_CONFIG") or f"{base}/tmuxclaude/config.toml", "rb"
        ) as file:
            return file.read()
    except OSError:
        return b""


def program(command: Sequence[str]) -> list[str]:
    """The command with the absolute path of its program."""
    from tmuxclaude.edges.which import which

    found = which(os.path.expanduser(command[0]), os.environ.get("PATH"))  # noqa: PTH111
    if found is None:
        raise NotFoundError(
            f"{command[0]} is not on your PATH; nothing was started. Install Claude Code: "
            "npm install -g @anthropic-ai/claude-code, or set claude.command in the configuration"
        )
    return [found, *command[1:]]


def places() -> files.Places:
    """Our files. Raises ``NotKeptError``."""
    found = files.places(os.environ)
    if found is not None:
        return found
    from tmuxclaude import app

    try:
        paths = app.paths()
    except TmuxclaudeError as problem:
        raise NotKeptError(str(problem)) from None
    return files.Places(str(paths.database), str(paths.socket))


def directory() -> str:
    """The current directory, as the shell calls it if it may. Raises ``NotKeptError``."""
    try:
        here = os.getcwd()  # noqa: PTH109
    except OSError:
        raise NotKeptError("its directory does not exist any more") from None
    logical = os.environ.get("PWD", "")
    try:
        same = logical.startswith("/") and os.path.samestat(os.stat(logical), os.stat(here))  # noqa: PTH116
    except (OSError, ValueError):
        same = False
    return logical if same and ".." not in logical.split("/") else here


def config_dir(env: Mapping[str, str]) -> str:
    """Claude Code's configuration directory; empty for its default."""
    given = env.get("CLAUDE_CONFIG_DIR", "")
    return os.path.abspath(given) if given else ""  # noqa: PTH100


def pane(env: Mapping[str, str]) -> dict[str, str]:
    """The tmux server and the pane that we run in; nothing outside tmux, or when it is gone."""
    socket, own = env.get("TMUX", "").partition(",")[0], env.get("TMUX_PANE", "")
    return {"socket": socket, "pane": own} if socket and own and _listens(socket) else {}


def _listens(path: str) -> bool:
    """Whether anybody may be there; one who is busy is."""
    import _socket

    door = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    door.setblocking(False)
    try:
        door.connect(path)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    finally:
        door.close()
    return True


def zone(env: Mapping[str, str]) -> str:
    """The caller's time zone; one that nobody knows is UTC to whoever reads it."""
    given = env.get("TZ", "").lstrip(":")
    if not given:
        try:
            given = os.readlink("/etc/localtime")  # noqa: PTH115
        except OSError:
            given = _first_line("/etc/timezone")
    name = given.rpartition("zoneinfo/")[2]
    return name if name and not name.startswith("/") else "UTC"


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.readline().strip()
    except OSError:
        return ""
