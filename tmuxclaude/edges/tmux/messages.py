"""A line in the status line of everybody who is attached to a tmux server.

Knows how tmux shows a message and to whom; not what is said. Only a person's clients are asked for
it: a control client has no status line.
"""

from __future__ import annotations

import re

from tmuxclaude.edges.tmux.call import Door, end, new_token
from tmuxclaude.edges.tmux.words import Fmt, Lit, Message, command

SHOWN_SECONDS = 4
"""How long the line stands, unless a key is pressed. tmux 3.3a draws nothing else on that client
meanwhile, so it must not be long."""

_CLIENT = re.compile(r"(?P<control>[01]?):(?P<tty>/dev/[A-Za-z0-9/]+)")


def show(door: Door, text: str) -> int:
    """Show one line to every client of the server; how many they were.

    Raises ``ServerGone`` and ``Silent``. A client that leaves meanwhile costs the others nothing.
    """
    token = new_token()
    row = Fmt(f"{token}:#{{client_control_mode}}:#{{client_tty}}")
    answer = door.ask((command("list-clients", "-F", row),), end(token))
    rows = [match for one in answer.rows(token) if (match := _CLIENT.fullmatch(one))]
    seers = [row["tty"] for row in rows if row["control"] != "1"]
    if not seers:
        return 0
    how = ("-d", f"{SHOWN_SECONDS * 1000}", "--", Message(text))
    shown = ((command("display-message", "-c", Lit(tty), *how),) for tty in seers)
    door.ask(*shown, end(token)).lines(token)
    return len(seers)
