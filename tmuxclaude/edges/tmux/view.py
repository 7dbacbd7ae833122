"""Shows a pane to its user: brings its window to a client of tmux, or takes a picture of it.

Knows who sits where. What is done to a pane is guarded by its identity (``edges.tmux.guard``), for
a tmux server that was started anew gives out the same pane ids again.
"""

from __future__ import annotations

import re
import socket as sockets
from collections.abc import Mapping
from contextlib import closing

from tmuxclaude.core.errors import RefusedError
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.programs import attach_argv
from tmuxclaude.edges.tmux import Refused, Silent, Tmux, resolve_socket
from tmuxclaude.edges.tmux.call import Door, end, new_token
from tmuxclaude.edges.tmux.words import Fmt, Id, Script, command

_PANE = re.compile(r"%\d+")
_NONCE = re.compile(r"[0-9a-f]{1,64}")

LOOK_SECONDS = 1.0
"""How long tmux may take for a picture; who waits for it looks at a screen."""


def go(tmux: Tmux, pane: Pane, env: Mapping[str, str]) -> list[str]:
    """Brings the window of ``pane`` to whoever called, as the environment tells.

    Returns what to exec at a terminal outside of tmux; nothing when it is done already. Raises
    ``RefusedError`` when it is no more that pane, or when the caller is on another tmux server;
    ``ServerGone``, ``Silent``.
    """
    inside = _is_inside(env)
    if inside and resolve_socket(None, None, env) != tmux.socket:
        raise RefusedError(
            f"its window is on another tmux server ({tmux.socket}), and tmux does not nest; "
            "nothing was done. Detach first, then: tmuxclaude attach NAME"
        )
    client = env.get("TMUXCLAUDE_CLIENT") or _client(tmux, env) if inside else None
    done = tmux.select(pane, client)
    if isinstance(done, Refused):
        raise RefusedError(f"{done.obstacle.words}; nothing was done")
    return [] if inside else attach_argv(tmux.socket, pane.pane_id)


def _is_inside(env: Mapping[str, str]) -> bool:
    """Whether the caller is in tmux, and not only has a ``$TMUX`` that outlived its server."""
    with closing(sockets.socket(sockets.AF_UNIX)) as door:
        door.settimeout(LOOK_SECONDS)
        try:
            door.connect(env.get("TMUX", "").partition(",")[0])
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except OSError:  # it is there, and busy or not ours
            return bool(env.get("TMUX"))
    return True


def picture(program: str, socket: str, server_pid: int, pane_id: str, nonce: str) -> str | None:
    """What stands in a pane, with its colours as SGR; ``None`` when it is no more that pane.

    Raises ``ServerGone`` and ``Silent``, the latter after ``LOOK_SECONDS``.
    """
    if not _NONCE.fullmatch(nonce) or not _PANE.fullmatch(pane_id):
        return None
    target, token = Id(pane_id), new_token()
    # The id without its "%": display-message also runs strftime, at every depth of a format.
    was = f"{server_pid:d}/{pane_id[1:]}/{nonce}"
    same = f"#{{==:#{{pid}}/#{{s/^.//:pane_id}}/#{{@tmuxclaude-id}},{was}}}"
    told = command("display-message", "-p", f"{token}:shown")
    shown = Script((command("capture-pane", "-ep", "-t", target), told))
    refused = Script((command("display-message", "-p", f"{token}:refused"),))
    asked = command("if-shell", "-F", "-t", target, Fmt(same), shown, refused)
    lines = Door(socket, program, LOOK_SECONDS).ask((asked,), end(token)).lines(token)
    if f"{token}:refused" in lines:
        return None
    if f"{token}:shown" not in lines:
        raise Silent("tmux shows no pane.")
    return "".join(f"{line}\n" for line in lines[: lines.index(f"{token}:shown")])


def pane_of(socket: str, client: str) -> str | None:
    """The id of the pane that a client of tmux (its tty) looks at; what a popup lies over.

    Raises ``ServerGone`` and ``Silent``.
    """
    token = new_token()
    asked = command("list-clients", "-F", Fmt(f"{token}:#{{client_tty}} #{{pane_id}}"))
    for row in Door(socket, "tmux", LOOK_SECONDS).ask((asked,), end(token)).rows(token):
        tty, _, pane_id = row.partition(" ")
        if tty == client and _PANE.fullmatch(pane_id):
            return pane_id
    return None


def _client(tmux: Tmux, env: Mapping[str, str]) -> str | None:
    """The client (its tty) that most likely shows the pane that we run in."""
    pane_id = env.get("TMUX_PANE", "")
    if not _PANE.fullmatch(pane_id):
        return None
    token = new_token()
    asked = command("display-message", "-p", "-t", Id(pane_id), Fmt(f"{token}:#{{client_tty}}"))
    rows = Door(tmux.socket, "tmux", LOOK_SECONDS).ask((asked,), end(token)).rows(token)
    return rows[0] or None if rows else None
