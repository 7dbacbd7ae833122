"""``tmuxclaude run``: Claude Code in this very terminal, known to the supervisor.

Made to be what ``claude`` stands for, so it must never be in the way: it asks the supervisor one
question, for at most a second, and then this process *becomes* Claude Code. A supervisor that is
late finds what we have left for it (``chores/late``). Whatever goes wrong costs one line on
standard error. It runs before each session, so it imports nothing heavy, and the
plainest call does without ``claude/launch`` too (``tests/cli/test_run.py`` holds it to that).
"""

from __future__ import annotations

import os
import sys
import time

from tmuxclaude.cli import here, layout
from tmuxclaude.cli.becoming import become
from tmuxclaude.cli.here import NotKeptError
from tmuxclaude.core.errors import RefusedError, TmuxclaudeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PATIENCE = 0.8
"""Seconds in which the supervisor, which may have to be started, must have answered. What is left
of the second that Claude Code may be kept waiting is for leaving the session to be kept later."""

LOOK_SECONDS = 0.02
"""How often a supervisor that was just started is looked for."""

LATE = ("unreachable", "ending", "internal")
"""The codes of errors that pass: the supervisor ends, or has trouble with tmux or its database."""

GIVEN_UP = 130
"""The exit code when its user did not want to wait."""


class Call:
    """What was asked. ``if_limited``: as on the wire. ``arguments``: Claude Code's own.
    ``account``: its name, ``None`` for the caller's."""

    __slots__ = ("account", "arguments", "if_limited", "name")

    def __init__(
        self,
        arguments: Sequence[str] = (),
        if_limited: str = "",
        name: str = "",
        account: str | None = None,
    ) -> None:
        self.account = account
        self.arguments = list(arguments)
        self.if_limited = if_limited
        self.name = name


class Words:
    """A user's arguments, sorted: what the supervisor is told, and what Claude Code gets of them.

    ``told``: all but the prompt and ``--settings``. ``rest``: all but ``--settings``.
    ``choose``: whether they choose the conversation. ``unkept``: why no session of theirs can be
    kept, so that only the guard is asked; empty for one that is kept.
    """

    __slots__ = ("choose", "rest", "settings", "told", "unkept")

    def __init__(
        self,
        told: list[str],
        settings: str | None,
        rest: list[str],
        choose: bool,
        unkept: str = "",
    ) -> None:
        self.told = told
        self.settings = settings
        self.rest = rest
        self.choose = choose
        self.unkept = unkept


def understood(arguments: list[str]) -> Call | None:
    """The call, when it is ``run`` with plain flags; others are left to click."""
    if arguments[:1] != ["run"]:
        return None
    call, left = Call(), arguments[1:]
    while left:
        word = left.pop(0)
        if word == "--":
            call.arguments = left
            return call
        if word in ("--wait", "--force") and not call.if_limited:
            call.if_limited = "wait" if word == "--wait" else "allow"
        elif word == "-n" and left:
            call.name = left.pop(0)
        elif word == "--account" and left:
            call.account = left.pop(0)
        else:
            return None
    return call


def start(call: Call) -> int:
    """Becomes Claude Code, or returns an exit code without having started it."""
    began = time.monotonic()
    if call.account is not None:
        _choose(call.account)
    try:
        command, environment = here.configured(os.environ)
    except TmuxclaudeError as problem:
        layout.complain(f"{problem}. Claude Code is started without it")
        command, environment = ("claude",), {}
    program, answer, rest = here.program(command), None, call.arguments
    try:
        words = _words(call.arguments)
        if words is not None and os.isatty(0) and os.isatty(1):
            ask = _guarded if words.unkept else _registered
            answer = ask(call, words, program, environment, began + PATIENCE)
            rest = words.rest
    except NotKeptError as why:
        layout.complain(f"this session is not kept: {why}")
    except Exception as bug:  # noqa: BLE001 - a mistake of ours is no reason not to start
        layout.complain(f"this session is not kept, by a mistake of tmuxclaude's own: {bug!r}")
    if answer is None:
        become(program, rest)
    if answer["type"] == "barred":
        raise RefusedError(answer["message"])
    for note in answer["notes"]:
        layout.complain(note)
    if call.name and answer.get("uid") and answer["name"] != call.name:
        layout.complain(f"the session is called {answer['name']}: {call.name!r} cannot be its name")
    argv = [*program, *answer["words"], *rest]
    if answer["wait"] is not None and not _waited(answer):
        return GIVEN_UP
    return become(argv, ())


def _choose(account: str) -> None:
    """What we, and then Claude Code, find in the environment means this account."""
    from tmuxclaude.cli import accounts

    chosen = accounts.directory(account)
    if chosen:
        os.environ["CLAUDE_CONFIG_DIR"] = chosen
    else:
        os.environ.pop("CLAUDE_CONFIG_DIR", None)


def _waited(answer: dict[str, Any]) -> bool:
    """Whether Claude Code is to be started after the countdown."""
    from tmuxclaude.cli import waiting

    now = time.time()
    ticket = waiting.Ticket(
        here.places().lock, answer["uid"], answer["name"], now, now + answer["wait"]
    )
    ticket.why = answer["why"]
    return waiting.wait(ticket)


# -- what is asked -----------------------------------------------------------------------------


def _words(arguments: list[str]) -> Words | None:
    """The arguments, sorted; ``None`` when they open no session that could be kept.

    Raises ``NotKeptError`` when that cannot be told for sure.
    """
    if not arguments:
        return Words([], None, [], False)
    from tmuxclaude.claude import launch
    from tmuxclaude.core.errors import UsageError

    try:
        given = launch.split(arguments)
    except launch.ElsewhereError as elsewhere:
        return Words([], None, arguments, True, elsewhere.why)
    except launch.NoSessionError:
        return None
    except UsageError:
        raise NotKeptError(
            "its arguments can be read in more than one way. What follows -- is a prompt for sure"
        ) from None
    told, rest = [*given.flags, *given.opening], launch.without_settings(arguments)
    return Words(told, given.settings, rest, given.chooses_conversation)


def _registered(
    call: Call, words: Words, program: list[str], environment: dict[str, str], deadline: float
) -> dict[str, Any]:
    """The supervisor's answer, or what holds until there is one; raises ``NotKeptError``."""
    import json

    from tmuxclaude.cli import asking

    question = _question(call, words, program, environment)
    try:
        line = json.dumps(question, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotKeptError("only arguments and directories in UTF-8 can be kept") from None
    if len(line) > asking.LONGEST:
        raise NotKeptError("its arguments are too long to be kept")
    try:
        try:
            answer = asking.ask(here.places().socket, line, deadline)
        except asking.NobodyError:
            answer = _start_and_ask(line, deadline)
    except asking.NobodyError as nobody:
        return _left(question, line, str(nobody))
    except asking.SilentError:
        return _left(question, line, "the supervisor does not answer yet")
    if answer.get("code") in LATE:
        return _left(question, line, str(answer["message"]))
    if answer.get("type") not in ("admitted", "barred"):
        raise NotKeptError(str(answer.get("message", "the supervisor is of another version")))
    return answer


def _guarded(
    call: Call, words: Words, program: list[str], environment: dict[str, str], deadline: float
) -> dict[str, Any]:
    """What the launch guard says of a session that cannot be kept; raises ``NotKeptError``."""
    try:
        answer = _registered(call, words, program, environment, deadline)
    except NotKeptError:
        raise NotKeptError(words.unkept) from None
    notes = [f"this session is not kept: {words.unkept}", *answer.get("notes", [])]
    return answer | {"notes": notes}


def _question(
    call: Call, words: Words, program: list[str], environment: dict[str, str]
) -> dict[str, Any]:
    """``wire.Run``. The ids are of our choice, so that they hold whenever it is read."""
    import uuid

    question = {
        "type": "run",
        "uid": os.urandom(16).hex(),
        "pid": os.getpid(),
        "directory": here.directory(),
        "command": program,
        "arguments": words.told,
        "settings": words.settings,
        "config_dir": here.config_dir(os.environ),
        "environment": environment,
        "name": call.name,
        "zone": here.zone(os.environ),
        "if_limited": call.if_limited,
        "keep": not words.unkept,
        **here.pane(os.environ),
    }
    return question if words.choose else question | {"conversation": str(uuid.uuid4())}


def _left(question: dict[str, Any], line: bytes, why: str) -> dict[str, Any]:
    """What Claude Code is started with when the supervisor is late, as that would have said it."""
    if not question["keep"]:
        raise NotKeptError(why)
    from tmuxclaude.chores import late

    conversation = question.get("conversation")
    words = ["--session-id", conversation] if conversation else []  # it may still read the question
    try:
        settings = str(late.leave(line))
        note = f"this session will be kept later: {why}"
    except TmuxclaudeError as problem:
        settings = question["settings"]
        note = f"this session is not kept: {why}, and nothing can be left for it: {problem}"
    words += ["--settings", settings] if settings is not None else []
    return {"type": "admitted", "words": words, "wait": None, "notes": [note]}


def _start_and_ask(line: bytes, deadline: float) -> dict[str, Any]:
    """Starts the supervisor in a process of its own, so that no hang of its becomes ours.

    Raises ``NobodyError`` with the reason when there is none in time.
    """
    import subprocess

    from tmuxclaude.cli import asking

    starter = subprocess.Popen(
        [sys.executable, "-m", "tmuxclaude", "supervisor", "start"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    while time.monotonic() < deadline:
        try:
            return asking.ask(here.places().socket, line, deadline)
        except asking.NobodyError:
            if starter.poll():
                why = "the supervisor cannot be started; to see why: tmuxclaude supervisor start"
                raise asking.NobodyError(why) from None
            time.sleep(LOOK_SECONDS)
    raise asking.NobodyError("the supervisor that was started for it is not ready yet")
