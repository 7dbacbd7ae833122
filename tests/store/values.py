"""Values in which no field has its default, so that a forgotten column is noticed."""

from dataclasses import MISSING, fields, replace
from typing import Any

from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Outlook,
    Pane,
    Process,
    Server,
    Session,
    Source,
    State,
    Step,
    Want,
)

NOT_UTF8 = "/home/ann/caf\udce9"
"""A directory whose name is Latin-1, as Python spells it."""

HALF_EMOJI = "limit \ud83d"
"""What is left of a text that was cut in the middle of a surrogate pair."""

SESSION = Session(
    uid="s1",
    name="api",
    directory=NOT_UTF8,
    account="/home/ann/.claude",
    launch=Launch(
        command=("/usr/bin/claude", "--x"),
        flags=("--model", "opus", NOT_UTF8),
        environment=(("HTTPS_PROXY", "http://[::1]:1"), ("LANG", "C")),
    ),
    state=State.LIMITED,
    since=1791000000.25,
    want=Want.HOLD,
    conversation="c1",
    tmux_session="claude",
    window_index=3,
    window_name="api",
    socket="/tmp/tmux-1000/default",
    pane=Pane(Server("/tmp/tmux-1000/other", 4711, 1790000000), "%12", 4712, "0f" * 16),
    process=Process(4713, "987654", "0d0c"),
    opened_by_us=False,
    program="claude",
    created_at=1790999999.5,
    rebuilt_at=1790999999.75,
    reason="told\nso\0",
    zone="Europe/Berlin",
    recorded=True,
    outlook=Outlook(Actor.CLAUDE, 1791003600.0, "its own continue is armed"),
)

LIMIT = Limit(LimitKind.OPUS, HALF_EMOJI, Source.TRANSCRIPT, 1791000000.0, 1791003600.0)

HALT = Halt(
    id=1,
    session="s1",
    conversation="c1",
    limit=LIMIT,
    record="r1",
    opened_at=1791000001.0,
    attempts=2,
    not_before=1791003630.5,
    needs_human="why",
    ended_at=1791003700.0,
    ended_by=Actor.YOU,
    outcome="resumed",
)

ATTEMPT = Attempt(
    id=1,
    session="s1",
    number=1,
    text="Please continue.",
    step=Step.DUE,
    opened_at=1791003630.0,
    halt=1,
    record="r1",
    conversation="c1",
    offset=4096,
    stepped_at=1791003631.0,
    keyed_at=1791003632.0,
    escapes=1,
    launches=2,
    stashed=True,
    by_hand=True,
    reason="because",
)


def session(uid: str, name: str = "", **changes: Any) -> Session:
    return replace(SESSION, uid=uid, name=name or uid, **changes)


def defaults_left(value: Any) -> list[str]:
    """The fields of a value that have their default."""
    return [
        field.name
        for field in fields(value)
        if field.default is not MISSING and getattr(value, field.name) == field.default
    ]
