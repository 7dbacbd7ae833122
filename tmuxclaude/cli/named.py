"""Sessions by the names that people type, found in the database. Decides nothing about them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tmuxclaude.cli.options import TmuxServer
from tmuxclaude.cli.quick import sessions
from tmuxclaude.core.errors import NotFoundError

if TYPE_CHECKING:
    from tmuxclaude.cli.quick import Row
    from tmuxclaude.edges.paths import Paths


def one(paths: Paths, name: str, server: TmuxServer) -> Row:
    """The session called ``name``: the living one, else the one that ended last.

    Raises ``NotFoundError``.
    """
    known = sessions(str(paths.database), True, server.only)
    found = [row for row in known if row["name"] == name]
    if not found:
        raise NotFoundError(_nobody(name, [str(row["name"]) for row in known], server))
    return max(found, key=lambda row: (row["state"] != "ended", float(row["created_at"])))


def chosen(
    paths: Paths, names: tuple[str, ...], every: bool, server: TmuxServer
) -> tuple[list[str], bool]:
    """Names and ``every`` as the supervisor is to be asked, which knows no -L and -S.

    With one of these, names are looked up and ``every`` becomes the names on that server.
    """
    if server.only is None:
        return list(names), every
    if every:
        return [row["name"] for row in sessions(str(paths.database), False, server.only)], False
    return [one(paths, name, server)["name"] for name in names], False


def _nobody(name: str, known: list[str], server: TmuxServer) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    where = f" on the tmux server {server.only}" if server.only else ""
    hint = f"did you mean {near[0]}?" if near else "see: tmuxclaude list --all"
    return f"there is no session {name}{where}; {hint}"
