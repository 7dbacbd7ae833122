"""``tmuxclaude run``: Claude Code in this very terminal, known to the supervisor.

Made to be what ``claude`` stands for, so it must never be in the way: it asks the supervisor one
question, for at most a second, and then this process *becomes* Claude Code. Whatever goes wrong
costs one line on standard error. It runs before each session, so it imports nothing heavy, and the
plainest call does without ``claude/launch`` too (``tests/cli/test_run.py`` holds it to that).
"""

from __future__ import annotations

import os
import sys
import time

from tmuxclaude.cli import here, layout
from tmuxclaude.cli.here import LateError, NotKeptError
from tmuxclaude.core.errors import NotFoundError, RefusedError, TmuxclaudeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

PATIENCE = 1.0
"""Seconds that everything before Claude Code may take at most, a supervisor's start included."""

LOOK_SECONDS = 0.02
"""How often a supervisor that was just started is looked for."""

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
    """

    __slots__ = ("rest", "settings", "told")

    def __init__(self, told: list[str], settings: str | None, rest: list[str]) -> None:
        self.told = told
        self.settings = settings
        self.rest = rest


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
            answer = _registered(call, words, program, environment, began + PATIENCE)
            rest = words.rest
    except LateError as why:
        layout.complain(f"this session may be kept later: {why}")
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


def become(command: Sequence[str], arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by a program, which finds everything as we found it."""
    import signal

    for ignored in ("SIGPIPE", "SIGXFSZ"):  # by Python, at its start
        signal.signal(getattr(signal, ignored), signal.SIG_DFL)
    sys.stdout.flush()
    try:
        os.execve(command[0], [*command, *arguments], _as_it_was(os.environ))
    except OSError as problem:
        raise NotFoundError(f"{command[0]} cannot be started: {problem.strerror}") from problem


def _as_it_was(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what Python adds to it at its start in a plain C locale."""
    kept = dict(env)
    if kept.get("LC_CTYPE") == "C.UTF-8":
        try:
            with open("/proc/self/environ", "rb") as file:  # noqa: PTH123
                given = file.read().split(b"\0")
        except OSError:
            return kept
        if b"LC_CTYPE=C.UTF-8" not in given:
            del kept["LC_CTYPE"]
    return kept


def _waited(answer: dict[str, Any]) -> bool:
    """Whether Claude Code is to be started after the countdown."""
    from tmuxclaude.cli import waiting

    now = time.time()
    ticket = waiting.Ticket(
        here.places().socket, answer["uid"], answer["name"], now, now + answer["wait"]
    )
    ticket.why = answer["why"]
    return waiting.wait(ticket)


# -- what is asked -----------------------------------------------------------------------------


def _words(arguments: list[str]) -> Words | None:
    """The arguments, sorted; ``None`` when they open no session that could be kept.

    Raises ``NotKeptError`` when that cannot be told for sure.
    """
    if not arguments:
        return Words([], None, [])
    from tmuxclaude.claude import launch
    from tmuxclaude.core.errors import UsageError

    try:
        given = launch.split(arguments)
    except launch.NoSessionError:
        return None
    except UsageError:
        raise NotKeptError(
            "its arguments can be read in more than one way. What follows -- is a prompt for sure"
        ) from None
    return Words([*given.flags, *given.opening], given.settings, launch.without_settings(arguments))


def _registered(
    call: Call, words: Words, program: list[str], environment: dict[str, str], deadline: float
) -> dict[str, Any]:
    """The supervisor's answer; raises ``NotKeptError`` when there is none that helps."""
    import json

    from tmuxclaude.cli import asking

    question = {
        "type": "run",
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
        **here.pane(os.environ),
    }
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
    except asking.NobodyError:
        late = "the supervisor that was started for it is not ready yet"
        if "pane" not in question:  # there is nothing that could be adopted
            raise NotKeptError(late) from None
        raise LateError(f"{late}. To keep it then: tmuxclaude adopt") from None
    except asking.SilentError:
        raise LateError(
            "the supervisor does not answer yet. See: tmuxclaude supervisor status"
        ) from None
    if answer.get("type") not in ("admitted", "barred"):
        raise NotKeptError(str(answer.get("message", "the supervisor is of another version")))
    return answer


def _start_and_ask(line: bytes, deadline: float) -> dict[str, Any]:
    """Starts the supervisor in a process of its own, so that no hang of its becomes ours."""
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
                break
            time.sleep(LOOK_SECONDS)
    raise asking.NobodyError
