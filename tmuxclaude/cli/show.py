"""show NAME: all that is known of one session, as text for people, as data for programs.

Reads the history from the database, and asks the supervisor for the evidence of this moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import accounts, layout, named, presence, quick, resources
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core import shown
from tmuxclaude.core.errors import NotFoundError, RefusedError, UnreachableError
from tmuxclaude.core.model import LimitKind
from tmuxclaude.core.parting import UNASKED
from tmuxclaude.core.policy import PLAIN_WORDS
from tmuxclaude.core.resources import HELD, OVER
from tmuxclaude.store import reader, remembered

if TYPE_CHECKING:
    from tmuxclaude.cli.quick import Row
    from tmuxclaude.edges.paths import Paths

EVENTS = 20
"""How many of the last events are shown."""

LAST = 5
"""How many of the last halts, and of the last messages, are shown to people."""

MESSAGE_COLUMNS = 60
"""How much of a message's text is shown to people."""


@click.command("show", cls=Verb)
@click.argument("name", shell_complete=named.complete)
@as_json
def show_command(name: str, as_json: bool) -> int:
    """Show all that is known of one session, and its evidence."""
    paths = app.paths()
    session = named.one(paths, name, tmux_server())
    heard = _asked(paths, session)
    past = history(paths.database, session["uid"])
    if as_json:
        layout.out(layout.json_text(_data(session, past, heard)))
    else:
        layout.out(_text(session, past, heard, time.time()))
    return 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the supervisor tells of a session now: what its witnesses say, and what it takes.

    ``silent``: why it tells nothing.
    """

    evidence: list[str] | None = None
    use: Row | None = None
    silent: str = ""


def _asked(paths: Paths, session: Row) -> Heard:
    if session["state"] == "ended":
        return Heard(silent="it has ended")
    try:
        with app.connect(paths) as client:
            evidence = client.ask(wire.Explain(name=session["name"]), wire.Explained).evidence
    except (UnreachableError, NotFoundError, RefusedError) as problem:
        return Heard(silent=str(problem))
    found = resources.ask(str(paths.socket), time.monotonic() + presence.PATIENCE)
    return Heard(evidence, resources.of_one(found, session["uid"]))


@dataclass(frozen=True, slots=True)
class History:
    """What the database remembers of one session, each list oldest first.

    ``budget``: whether a budget was the last to hold it, if it is held.
    """

    chain: list[Row]
    halts: list[Row]
    attempts: list[Row]
    steps: list[Row]
    events: list[Row]
    waiting: list[Row]
    budget: bool = False


def history(database: Path, uid: str) -> History:
    """The history of the session ``uid``; empty without a database."""
    connection = reader.open(database)
    if connection is None:
        return History([], [], [], [], [], [])
    with closing(connection):
        return History(
            chain=_rows(remembered.CHAIN_COLUMNS, remembered.chain(connection, uid)),
            halts=_rows(remembered.HALT_COLUMNS, remembered.halts(connection, uid)),
            attempts=_rows(remembered.ATTEMPT_COLUMNS, remembered.attempts(connection, uid)),
            steps=_rows(remembered.STEP_COLUMNS, remembered.steps(connection, uid)),
            events=_rows(remembered.EVENT_COLUMNS, remembered.events(connection, uid, EVENTS)),
            waiting=_rows(remembered.MESSAGE_COLUMNS, remembered.messages(connection, uid)),
            budget=remembered.held_by(connection, uid, OVER, HELD),
        )


def _rows(columns: tuple[str, ...], found: list[tuple[object, ...]]) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in found]


def _data(session: Row, past: History, heard: Heard) -> Row:
    """The session, what it takes, evidence, chain, halts (attempts, their steps) and events."""
    remembered = shown.past(past.chain, past.halts, past.attempts, past.steps, past.events)
    now = {"resources": heard.use, "evidence": heard.evidence}
    return {**shown.session(session), **now, **remembered}


def _text(session: Row, past: History, heard: Heard, now: float) -> str:
    """Everything for people."""
    witnesses = heard.evidence if heard.evidence is not None else [f"none: {heard.silent}"]
    sent = [one for one in past.attempts if one["halt"] is None]
    messages = [line for one in sent[-LAST:] for line in _delivery(one, past, _message)]
    parts = [
        _head(session, heard.use, past.budget, now),
        _part("evidence now", witnesses),
        _part("conversations", [_link(link) for link in past.chain]),
        halts(past),
        _part(f"messages{_earlier(sent)}", messages),
        _part("messages that wait", [_waiting(one) for one in past.waiting]),
        _part("last events", [_event(event) for event in past.events]),
    ]
    return "\n\n".join(part for part in parts if part)


def halts(past: History) -> str:
    """The last halts with the journal of their attempts."""
    shown = [_halt(halt, past) for halt in past.halts[-LAST:]]
    more = _earlier(past.halts)
    return "\n\n".join([f"halts{more}", *shown] if more else shown)


def _earlier(found: list[Row]) -> str:
    more = len(found) - LAST
    return f" (the last {LAST}; --json has the {more} before them)" if more > 0 else ""


def _head(session: Row, use: Row | None, budget: bool, now: float) -> str:
    at, why = session["outlook_at"], session["outlook_why"]
    when = "" if at is None else f" at {layout.moment(at, now)} ({layout.countdown(at, now)})"
    actor = quick.ACTORS.get(session["outlook_actor"], "")
    [called] = accounts.names([session["account"]]).values()
    since = f"{layout.moment(session['since'], now)} ({layout.span(now - session['since'])})"
    lines = [
        ("session", session["name"]),
        ("state", f"{session['state']} since {since}"),
        *_wanted(session, budget),
        ("because", session["reason"]),
        ("next", f"{actor}{when}: {why}" if actor else ""),
        ("directory", layout.short(session["directory"])),
        ("tmux", _place(session)),
        ("account", f"{called}, {layout.short(session['account'])}"),
        ("conversation", session["conversation"] or ""),
        ("used", _use(session, now)),
        ("takes", resources.of_session(use, now)),
        ("lifetime", _lifetime(session, now)),
        *labels(session),
    ]
    return layout.pairs(lines)


def _wanted(session: Row, budget: bool) -> list[tuple[str, str]]:
    """What keeps it from going on, and who wanted that. ``budget``: a budget held it."""
    if session["want"] == "hold":
        by = "tmuxclaude, for a budget" if budget else "you"
        return [("held", f"by {by}; to go on: tmuxclaude release {session['name']}")]
    if session["want"] == "down" and session["state"] != "ended":
        by = "tmuxclaude" if session["reason"].startswith(UNASKED) else "you"
        return [("stopped", f"by {by}; it has not ended yet")]
    return []


def labels(session: Row) -> list[tuple[str, str]]:
    """The group and the metadata, where there are any."""
    plain = shown.session(session)
    meta = ", ".join(f"{key}={value}" for key, value in plain["meta"].items())
    return [line for line in (("group", plain["group"]), ("metadata", meta)) if line[1]]


def _use(session: Row, now: float) -> str:
    """How many prompts were counted, and when it last did anything; empty when nothing is known."""
    if session["prompts"] is None:
        return ""
    ago = layout.span(now - session["active_at"])
    prompts = "1 prompt" if session["prompts"] == 1 else f"{session['prompts']} prompts"
    return f"{prompts}, last active {layout.moment(session['active_at'], now)} ({ago} ago)"


def _lifetime(session: Row, now: float) -> str:
    """When it is ended if nothing happens, and how it would go on; empty for never."""
    at = session["ends_at"]
    if at is None:
        return ""
    more = f"to extend: tmuxclaude extend {session['name']}"
    left = f"{layout.span(at - now)} left" if at > now else "over"
    return f"{left}, until {layout.moment(at, now)}; {more}"


def _place(session: Row) -> str:
    if session["pane_id"] is None:
        return "no window"
    within = f" in {session['tmux_session']}" if session["tmux_session"] else ""
    return f"pane {session['pane_id']}{within} on {session['socket']}"


def _part(title: str, lines: list[str]) -> str:
    return (
        "\n".join([f"{title}:", *(f"  {layout.visible(line.rstrip())}" for line in lines)])
        if lines
        else ""
    )


def _link(link: Row) -> str:
    return f"{layout.stamp(link['began_at'])}  {link['conversation']}  {link['why']}"


def _halt(halt: Row, past: History) -> str:
    lines = [f"said: {halt['limit_words']} ({halt['limit_source']})"]
    if halt["limit_resets_at"] is not None:
        lines.append(f"resets: {layout.stamp(halt['limit_resets_at'])}")
    if halt["needs_human"]:
        lines.append(f"needs you: {halt['needs_human']}")
    for attempt in past.attempts:
        if attempt["halt"] == halt["id"]:
            lines += _delivery(attempt, past, _attempt)
    if halt["ended_at"] is None:
        lines.append("still open")
    else:
        by = quick.ACTORS.get(halt["ended_by"] or "", "") or "nobody"
        why = f": {halt['outcome']}" if halt["outcome"] else ""
        lines.append(f"ended {layout.stamp(halt['ended_at'])} by {by}{why}")
    kind = halt["limit_kind"]
    kind = PLAIN_WORDS[LimitKind(kind)] if kind in tuple(LimitKind) else kind
    return _part(f"halt {halt['id']}, {layout.stamp(halt['opened_at'])}, {kind}", lines)


def _delivery(attempt: Row, past: History, called: Callable[[Row], str]) -> list[str]:
    why = f": {attempt['reason']}" if attempt["reason"] else ""
    steps = [step for step in past.steps if step["attempt"] == attempt["id"]]
    return [
        f"{called(attempt)}, {attempt['step']}{why}",
        *(f"  {layout.stamp(one['at'])}  {one['step'].ljust(11)}  {one['note']}" for one in steps),
    ]


def _attempt(attempt: Row) -> str:
    by_hand = " by hand" if attempt["by_hand"] else ""
    return f"attempt {attempt['number']}{by_hand}"


def _message(attempt: Row) -> str:
    return f'"{layout.cut(attempt["text"], MESSAGE_COLUMNS)}"'


def _waiting(message: Row) -> str:
    why = f": {message['reason']}" if message["reason"] else ""
    return f"{message['id']}  {_message(message)}, {message['stage'].replace('_', ' ')}{why}"


def _event(event: Row) -> str:
    return f"{layout.stamp(event['at'])}  {event['kind']}  {event['text']}"
