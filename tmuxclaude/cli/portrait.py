"""All that is known of one session, for ``show NAME``: as text for people, as data for programs.

Reads the history from the database; the evidence of this moment is handed in.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmuxclaude.cli import quick, show
from tmuxclaude.store import reader

if TYPE_CHECKING:
    from tmuxclaude.cli.quick import Row

EVENTS = 20
"""How many of the last events are shown."""


@dataclass(frozen=True, slots=True)
class History:
    """What the database remembers of one session, each list oldest first."""

    chain: list[Row]
    halts: list[Row]
    attempts: list[Row]
    steps: list[Row]
    events: list[Row]


def history(database: Path, uid: str) -> History:
    """The history of the session ``uid``; empty without a database."""
    connection = reader.open(database)
    if connection is None:
        return History([], [], [], [], [])
    with closing(connection):
        return History(
            chain=_rows(reader.CHAIN_COLUMNS, reader.chain(connection, uid)),
            halts=_rows(reader.HALT_COLUMNS, reader.halts(connection, uid)),
            attempts=_rows(reader.ATTEMPT_COLUMNS, reader.attempts(connection, uid)),
            steps=_rows(reader.STEP_COLUMNS, reader.steps(connection, uid)),
            events=_rows(reader.EVENT_COLUMNS, reader.events(connection, uid, EVENTS)),
        )


def _rows(columns: tuple[str, ...], found: list[tuple[object, ...]]) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in found]


def as_json(session: Row, past: History, evidence: list[str] | None) -> Row:
    """The session with its evidence, chain, halts (their attempts with their steps) and events."""
    attempts = [
        attempt | {"steps": [step for step in past.steps if step["attempt"] == attempt["id"]]}
        for attempt in past.attempts
    ]
    return quick.session_json(session) | {
        "evidence": evidence,
        "chain": past.chain,
        "halts": [
            halt | {"attempts": [one for one in attempts if one["halt"] == halt["id"]]}
            for halt in past.halts
        ],
        "messages": [one for one in attempts if one["halt"] is None],
        "events": past.events,
    }


def text(session: Row, past: History, evidence: list[str] | None, silent: str, now: float) -> str:
    """Everything for people. ``silent``: why there is no evidence of this moment."""
    witnesses = evidence if evidence is not None else [f"none: {silent}"]
    parts = [
        _head(session, now),
        _part("evidence now", witnesses),
        _part("conversations", [_link(link) for link in past.chain]),
        *(_halt(halt, past) for halt in past.halts),
        _messages(past),
        _part("last events", [_event(event) for event in past.events]),
    ]
    return "\n\n".join(part for part in parts if part)


def halts(past: History) -> str:
    """Every halt with the journal of its attempts."""
    return "\n\n".join(_halt(halt, past) for halt in past.halts)


def _head(session: Row, now: float) -> str:
    at, why = session["outlook_at"], session["outlook_why"]
    when = "" if at is None else f" at {show.moment(at, now)} ({show.countdown(at, now)})"
    actor = quick.ACTORS.get(session["outlook_actor"], "")
    since = f"{show.moment(session['since'], now)} ({show.span(now - session['since'])})"
    lines = [
        ("session", session["name"]),
        ("state", f"{session['state']} since {since}"),
        ("because", session["reason"]),
        ("next", f"{actor}{when}: {why}" if actor else ""),
        ("directory", show.short(session["directory"])),
        ("tmux", _place(session)),
        ("account", show.short(session["account"])),
        ("conversation", session["conversation"] or ""),
        ("you want", session["want"]),
    ]
    return show.pairs(lines)


def _place(session: Row) -> str:
    if session["pane_id"] is None:
        return "no window"
    within = f" in {session['tmux_session']}" if session["tmux_session"] else ""
    return f"pane {session['pane_id']}{within} on {session['socket']}"


def _part(title: str, lines: list[str]) -> str:
    return (
        "\n".join([f"{title}:", *(f"  {show.visible(line.rstrip())}" for line in lines)])
        if lines
        else ""
    )


def _link(link: Row) -> str:
    return f"{show.stamp(link['began_at'])}  {link['conversation']}  {link['why']}"


def _halt(halt: Row, past: History) -> str:
    lines = [f"said: {halt['limit_words']} ({halt['limit_source']})"]
    if halt["limit_resets_at"] is not None:
        lines.append(f"resets: {show.stamp(halt['limit_resets_at'])}")
    if halt["needs_human"]:
        lines.append(f"needs you: {halt['needs_human']}")
    for attempt in past.attempts:
        if attempt["halt"] == halt["id"]:
            lines += _attempt(attempt, past)
    if halt["ended_at"] is None:
        lines.append("still open")
    else:
        by = quick.ACTORS.get(halt["ended_by"] or "", "") or "nobody"
        why = f": {halt['outcome']}" if halt["outcome"] else ""
        lines.append(f"ended {show.stamp(halt['ended_at'])} by {by}{why}")
    kind = str(halt["limit_kind"]).replace("_", " ")
    return _part(f"halt {halt['id']}, {show.stamp(halt['opened_at'])}, {kind}", lines)


def _messages(past: History) -> str:
    sent = [one for one in past.attempts if one["halt"] is None]
    return _part("messages", [line for one in sent for line in _attempt(one, past)])


def _attempt(attempt: Row, past: History) -> list[str]:
    by_hand = " by hand" if attempt["by_hand"] else ""
    why = f": {attempt['reason']}" if attempt["reason"] else ""
    steps = [step for step in past.steps if step["attempt"] == attempt["id"]]
    return [
        f"attempt {attempt['number']}{by_hand}, {attempt['step']}{why}",
        *(f"  {show.stamp(one['at'])}  {one['step'].ljust(11)}  {one['note']}" for one in steps),
    ]


def _event(event: Row) -> str:
    return f"{show.stamp(event['at'])}  {event['kind']}  {event['text']}"
