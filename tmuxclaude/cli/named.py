"""Sessions by the names that people type, found in the database. Decides nothing about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmuxclaude.cli.options import TmuxServer
from tmuxclaude.cli.quick import sessions
from tmuxclaude.core.errors import NotFoundError
from tmuxclaude.core.names import no_such

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
        where = f" on the tmux server {server.only}" if server.only else ""
        raise NotFoundError(no_such(name, [str(row["name"]) for row in known], where))
    return max(found, key=rank)


def rank(row: Row) -> tuple[bool, float]:
    """Which of the sessions of one name is meant: the one that ranks highest."""
    return row["state"] != "ended", float(row["created_at"])


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
