"""Sessions by the names that people type, found in the database. Decides nothing about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmuxclaude.cli.options import TmuxServer
from tmuxclaude.cli.quick import sessions
from tmuxclaude.core.errors import NotFoundError, TmuxclaudeError, UsageError
from tmuxclaude.core.names import no_such

if TYPE_CHECKING:
    import click

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


def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For a shell's completion: the names that begin so, those that have not ended first."""
    from tmuxclaude import app

    given = {name for value in context.params.values() for name in _names(value)}
    try:
        rows = sessions(str(app.paths().database), True, None)
    except TmuxclaudeError:
        return []
    names = dict.fromkeys(str(row["name"]) for row in sorted(rows, key=rank, reverse=True))
    return [name for name in names if name.startswith(begun) and name not in given]


def _members(paths: Paths, group: str, server: TmuxServer) -> list[str]:
    rows = sessions(str(paths.database), False, server.only)
    found = [str(row["name"]) for row in rows if row["in_group"] == group]
    if not found:
        every = sessions(str(paths.database), True, server.only)
        ended = dict.fromkeys(str(row["name"]) for row in every if row["in_group"] == group)
        if ended:
            raise NotFoundError(
                f"every session in the group {group!r:.60} has ended; nothing was done. To bring "
                f"them back: tmuxclaude resume {' '.join(ended)}"
            )
        known = sorted({str(row["in_group"]) for row in rows} - {""})
        there = f"there are {', '.join(known)}" if known else "no session has one"
        raise NotFoundError(f"no session is in the group {group!r:.60}; {there}; nothing was done")
    return found


def _names(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def rank(row: Row) -> tuple[bool, float]:
    """Which of the sessions of one name is meant: the one that ranks highest."""
    return row["state"] != "ended", float(row["created_at"])


def chosen(
    paths: Paths,
    names: tuple[str, ...],
    every: bool,
    server: TmuxServer,
    group: str | None = None,
) -> tuple[list[str], bool]:
    """Names and ``every`` as the supervisor is to be asked, which knows no -L and -S.

    With one of these, names are looked up and ``every`` becomes the names on that server. So does
    ``group`` become the names of its sessions; raises ``NotFoundError`` when it has none.
    """
    if group is not None:
        if names or every:
            raise UsageError("--group stands alone: without names, and without --all")
        if not group:
            raise UsageError("--group is empty, and means no group; nothing was done")
        return _members(paths, group, server), False
    if server.only is None:
        return list(names), every
    if every:
        return [row["name"] for row in sessions(str(paths.database), False, server.only)], False
    return [one(paths, name, server)["name"] for name in names], False
