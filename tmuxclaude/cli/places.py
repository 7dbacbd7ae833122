"""Where our files are. Knows the environment; imports next to nothing, being asked in a hurry."""

from __future__ import annotations

from tmuxclaude.edges import listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Places:
    """Files of ours: the database, the supervisor's lock and socket, and the rows it publishes."""

    __slots__ = ("database", "lock", "rows", "socket")

    def __init__(self, database: str, socket: str) -> None:
        self.database = database
        self.lock = database.rpartition("/")[0] + "/supervisor.lock"
        self.socket = socket
        self.rows = socket.rpartition("/")[0] + "/rows"


def home(env: Mapping[str, str]) -> str:
    """The home directory, as ``edges/paths`` finds it; empty when there is none."""
    given = env.get("HOME", "")
    if given.startswith("/"):
        return given
    import os
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def places(env: Mapping[str, str]) -> Places | None:
    """Where our files are; ``None`` when the environment is unusual and ``edges/paths`` decides.

    The same rules as there (``Paths.running``), without the half of a start-up that its imports
    would cost.
    """
    home = env.get("HOME", "")
    state = env.get("TMUXCLAUDE_STATE_DIR", "")
    runtime = env.get("TMUXCLAUDE_RUNTIME_DIR", "")
    if not home.startswith("/") or any(ours and ours[0] != "/" for ours in (state, runtime)):
        return None
    state_home, runtime_home = env.get("XDG_STATE_HOME", ""), env.get("XDG_RUNTIME_DIR", "")
    if not state:
        base = state_home if state_home.startswith("/") else f"{home}/.local/state"
        state = f"{base}/tmuxclaude"
    if not runtime:
        absolute = runtime_home.startswith("/")
        runtime = f"{runtime_home}/tmuxclaude" if absolute else f"{state}/run"
    runtime = listening.runtime_dir(f"{state}/supervisor.lock", runtime)
    return Places(f"{state}/tmuxclaude.db", f"{runtime}/{listening.SOCKET}")
