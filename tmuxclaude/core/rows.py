"""What a picker shows: the sessions and the head above them, drawn line by line. Pure.

The form of the lines is a contract with the pickers (docs/internals/picker.md). A session comes in
as a mapping by the columns of the view ``session_list``. All that is shown changes only when a
session does, or at the turn of a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tmuxclaude.core import abandoned, layouts
from tmuxclaude.core.drawn import (
    countdown,
    cut,
    moment,
    short,
    shorten,
    visible,
)
from tmuxclaude.core.layouts import LAYOUTS, Cells, Layout, keys, table
from tmuxclaude.core.model import Actor, LimitKind, State, Want
from tmuxclaude.core.policy import PLAIN_WORDS
from tmuxclaude.core.symbols import ASCII, UNICODE, Symbols

if TYPE_CHECKING:
    from tmuxclaude.core.drawn import Local

    Row = Mapping[str, Any]

MAGIC = "tmuxclaude-rows"
VERSION = 2

OTHER_SYMBOLS = {
    State.STARTING: "…",
    State.QUEUED: "…",
    State.IDLE: "○",
    State.RESUMING: "↻",
    State.ENDED: "■",
}
"""For the states that the user's own symbols do not name; where those are ASCII there is none."""

COLOURS = {
    State.WORKING: "32",
    State.WAITING: "1;33",
    State.LIMITED: "36",
    State.RESUMING: "32",
    State.LOST: "31",
    State.ENDED: "2",
}
"""SGR numbers; a state without one is drawn plainly."""

EMPTY = "No sessions yet. alt-n opens one in this directory; in a shell: tmuxclaude new"
NONE_LEFT = "No session is open. alt-n opens one in this directory; ctrl-l shows those that were"

_STATES, _KINDS = tuple(State), tuple(LimitKind)
"""The words of this tmuxclaude; a newer one may have written others."""

LIVE, BACK, PAST = "live", "back", "past"


def text(
    sessions: Sequence[Row],
    limits: Sequence[Row],
    pause: Row | None,
    notices: Sequence[str],
    now: float,
    local: Local,
    home: str,
    pid: int,
    symbols: Symbols = UNICODE,
) -> str:
    """The whole content of the rows file.

    ``limits``: mappings by the columns of the table. ``pause``: one with until, if there is a
    pause. ``home`` is shown as ``~``. ``pid``: of the supervisor that writes, 0 for nobody.
    """
    known = [row for row in sessions if row["state"] in _STATES]
    offered = sorted(_one_of_each_name(known), key=_rank)
    cells = [_cells(row, now, local, home, symbols) for row in offered]
    present = sum(kind(row) != PAST for row in offered)  # the past come last
    drawn = [table(cells, present or len(cells), layout) for layout in LAYOUTS]
    least = [str(layout.least) for layout in LAYOUTS]
    lines = ["\t".join((MAGIC, str(VERSION), str(pid), str(int(now // 60 * 60)), *least))]
    imposed = _imposed(limits, pause, now, local)
    told = [_told(offered, notices, layout) for layout in LAYOUTS]
    for texts in ([imposed] * len(LAYOUTS), told, [rows[0] for rows in drawn]):
        lines.append("\t".join(("head", *[""] * 5, *texts)))
    for row, *texts in zip(offered, *(rows[1:] for rows in drawn), strict=True):
        lines.append("\t".join((kind(row), row["name"], *_pane(row), *texts)))
    return "\n".join(lines) + "\n"


def kind(row: Row) -> str:
    """Whether a session has a window, is lost and waits for its user, or is past."""
    if row["state"] == State.ENDED:
        return PAST
    if row["state"] == State.LOST:
        return PAST if row["want"] == Want.DOWN else BACK
    return LIVE


def _one_of_each_name(sessions: Sequence[Row]) -> list[Row]:
    """Of sessions that share a name, the one that the verbs mean by it."""
    best: dict[str, Row] = {}
    for row in sessions:
        other = best.get(row["name"])
        if other is None or _newer(row) > _newer(other):
            best[row["name"]] = row
    return list(best.values())


def _newer(row: Row) -> tuple[bool, float]:
    return row["state"] != State.ENDED, row["created_at"]


def _rank(row: Row) -> tuple[int, float, str]:
    """Who waits for its user, what happens soonest, the others by name, and the past, latest first.

    Nothing that changes by itself decides among the others, so that they keep their places.
    """
    name: str = row["name"]
    if kind(row) == PAST:
        return 4, -row["since"], name
    if row["outlook_actor"] == Actor.YOU or row["state"] == State.WAITING:
        return 0, row["since"], name
    if (at := _at(row)) is not None:
        return 2, at, name
    if kind(row) == BACK:
        return 1, row["since"], name
    return 3, 0.0, name


def _cells(row: Row, now: float, local: Local, home: str, symbols: Symbols) -> Cells:
    state = State(row["state"])
    held = f" {symbols.held}" if row["want"] == Want.HOLD and kind(row) != PAST else ""
    clock, when = _when(row, now, local)
    return Cells(
        name=visible(row["name"]),
        state=cut(f"{_symbol(state, symbols)} {state}", layouts.STATE_ROOM) + held,
        colour=COLOURS.get(state, ""),
        clock=clock,
        when=when,
        directory=shorten(visible(short(row["directory"], home)), layouts.DIRECTORY_MOST),
        why=cut(visible(_why(row, now)), layouts.WHY_ROOM),
    )


def _symbol(state: State, symbols: Symbols) -> str:
    own: str | None = getattr(symbols, state, None)
    return own or ("-" if symbols == ASCII else OTHER_SYMBOLS[state])


def _when(row: Row, now: float, local: Local) -> tuple[str, str]:
    """A time on the clock, alone and with how long that is or what it means."""
    if (at := _at(row)) is not None:
        clock = moment(at, now, local)
        return clock, f"{clock} {_left(at, now)}"
    if kind(row) == LIVE:
        return "", ""
    clock = moment(row["since"], now, local)
    return clock, f"since {clock}"


def _at(row: Row) -> float | None:
    """When something happens by itself: somebody acts, or at least the limit resets."""
    at: float | None = row["outlook_at"] if row["outlook_at"] is not None else row["resets_at"]
    return at


def _left(at: float, now: float) -> str:
    """The countdown from the minute that a clock shows now to the one that it shows at ``at``.

    So it changes at the turn of a minute only, and is less than a minute off.
    """
    minutes = at // 60 - now // 60
    return "in <1m" if at > now and not minutes else countdown(minutes * 60, 0)


def _why(row: Row, now: float) -> str:
    """Behind its group, so that typing ``@GROUP`` leaves only that."""
    why: str = row["outlook_why"] or row["reason"]
    if row["abandoned_since"] is not None:
        why = abandoned.words(row["abandoned_since"], row["uncommitted"], now)
    if row["want"] == Want.HOLD and "held" not in why:
        why = f"held; {why}" if why else "held"
    return f"@{row['in_group']} {why}".rstrip() if row["in_group"] else why


def _pane(row: Row) -> tuple[str, ...]:
    """The fields by which a pane is recognised; empty ones without a pane."""
    found = (row["socket"], row["server_pid"], row["pane_id"], row["nonce"])
    if not all(found) or not row["socket"].isprintable() or kind(row) == PAST:
        return ("",) * len(found)
    return tuple(map(str, found))


def _imposed(limits: Sequence[Row], pause: Row | None, now: float, local: Local) -> str:
    """The first line of the head: what holds for every session of an account, or for all."""
    parts = []
    if pause is not None and (pause["until"] is None or pause["until"] > now):
        until = pause["until"]
        end = "" if until is None else f" until {moment(until, now, local)}"
        parts.append(f"\x1b[1;33mresumes are paused{end}\x1b[m")
    known = [one for one in limits if one["resets_at"] is not None and one["lifted_at"] is None]
    standing = [one for one in known if one["resets_at"] > now]
    several = len({one["account"] for one in limits}) > 1
    for one in sorted(standing, key=lambda one: float(one["resets_at"])):
        at = one["resets_at"]
        whose = f" of {visible(one['account'].rpartition('/')[2])}" if several else ""
        words = PLAIN_WORDS[LimitKind(one["kind"])] if one["kind"] in _KINDS else one["words"]
        parts.append(f"{words}{whose} resets {moment(at, now, local)} {_left(at, now)}")
    return " · ".join(parts) or "no limit is known"


def _told(offered: Sequence[Row], notices: Sequence[str], layout: Layout) -> str:
    """The second line of the head: what keeps us from working, or what can be done."""
    if notices:
        return f"\x1b[1;31m{' · '.join(map(visible, notices))}\x1b[m"
    if not offered:
        return EMPTY
    if all(kind(row) == PAST for row in offered):
        return NONE_LEFT
    return keys(layout)
