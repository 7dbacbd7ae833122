"""send and recap: what is said to a session, and what it answered.

The supervisor types; this asks, follows, and reads the reply in the transcript (``heard``).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import heard, layout, named, verdicts
from tmuxclaude.cli.options import TmuxServer, Verb, as_json, seconds, tmux_server
from tmuxclaude.core import messages
from tmuxclaude.core.errors import NotFoundError, UnreachableError, UsageError
from tmuxclaude.core.model import Step
from tmuxclaude.core.recap import Recap
from tmuxclaude.core.texts import LONGEST_MESSAGE, message_problem
from tmuxclaude.store import reader, remembered
from tmuxclaude.survey import replies

if TYPE_CHECKING:
    from tmuxclaude.api.client import Client
    from tmuxclaude.cli.quick import Row
    from tmuxclaude.edges.paths import Paths

DASHED = "A TEXT that begins with a dash stands after --, as in: tmuxclaude send NAME -- -x"

SEND_PATIENCE = 120.0
"""Seconds after which ``send`` stops following; the journal ends an attempt well before."""

AGAIN_SECONDS = 5.0
"""How long a message is asked for again whose answer was lost: a supervisor comes back by then."""

ALL = "all"

ASK_TEXT = (
    "Automatic message from tmuxclaude. Please write a short recap of this conversation: "
    "what was asked, what is done, and what is still open. Change nothing and run nothing."
)

HEADS = ("ID", "ASKED", "STAGE", "TEXT", "WHY")


@dataclass(frozen=True, slots=True)
class Sending:
    """One message as it was asked for."""

    paths: Paths
    name: str
    text: str
    attach: list[str]
    queue: bool = False
    wait: bool = False
    timeout: float | None = None
    as_json: bool = False


@click.command("send", cls=Verb, hint=DASHED)
@click.argument("name", shell_complete=named.complete)
@click.argument("text", required=False)
@click.option("--file", "file", metavar="PATH", help="The text is in this file; - is a pipe.")
@click.option("--attach", multiple=True, metavar="PATH", help="A file that Claude Code reads too.")
@click.option("--queue", is_flag=True, help="Keep it until the session is free for it.")
@click.option("--wait", is_flag=True, help="Wait for the end of the turn and print the reply.")
@click.option("--timeout", callback=seconds, metavar="SECONDS", help="With --wait.")
@click.option("--list", "only_list", is_flag=True, help="Show the messages that wait.")
@click.option("--drop", multiple=True, metavar="ID", help=f"Give one up that waits, or {ALL}.")
@as_json
def send_command(
    name: str,
    text: str | None,
    file: str | None,
    attach: tuple[str, ...],
    queue: bool,
    wait: bool,
    timeout: float | None,
    only_list: bool,
    drop: tuple[str, ...],
    as_json: bool,
) -> int:
    """Type TEXT into an idle session and press Enter.

    Or keep it until the session is idle. It takes the guarded path of a resume: nothing is typed
    into a shell, a menu, a running turn or over a draft. Put TEXT in quotes; - reads it from a
    pipe, and one that begins with a dash goes after "--". It may have several lines.
    """
    paths = app.paths()
    [wanted], _ = named.chosen(paths, (name,), False, tmux_server())
    if only_list or drop:
        if text is not None or file is not None or attach or queue or wait or (only_list and drop):
            raise UsageError("--list and --drop stand alone; nothing was done")
        return _drop(paths, wanted, drop, as_json) if drop else _list(paths, wanted, as_json)
    if timeout is not None and not wait:
        raise UsageError("--timeout belongs to --wait; nothing was done")
    whole, attached = _given(text, file), [_attached(path) for path in attach]
    return _send(Sending(paths, wanted, whole, attached, queue, wait, timeout, as_json))


@click.command("recap", cls=Verb)
@click.argument("name", shell_complete=named.complete)
@click.option("--ask", is_flag=True, help="Let Claude Code write it: an ordinary message, a turn.")
@click.option("--timeout", callback=seconds, metavar="SECONDS", help="With --ask.")
@as_json
def recap_command(name: str, ask: bool, timeout: float | None, as_json: bool) -> int:
    """Show what was asked, done and left open in a session."""
    paths = app.paths()
    session = named.one(paths, name, tmux_server())
    if ask:
        return _send(Sending(paths, name, ASK_TEXT, [], False, True, timeout, as_json))
    if timeout is not None:
        raise UsageError("--timeout belongs to --ask; nothing was done")
    conversation = session["conversation"]
    known = conversation and replies.told(
        Path(session["account"]), conversation, session["directory"]
    )
    if not known:
        raise NotFoundError(
            f"nothing was said in {name} yet, or its transcript cannot be read; to see which: "
            f"tmuxclaude validate {name}"
        )
    if not known.prompts:
        raise NotFoundError(f"nothing was said in {name} yet")
    recap = Recap.of(known, session["directory"])
    if as_json:
        found = {"name": name, "conversation": conversation, "recap": recap.plain()}
        layout.out(layout.json_text(found))
    else:
        layout.out(layout.pairs([(title, layout.visible(text)) for title, text in recap.pairs()]))
    return 0


# -- sending ---------------------------------------------------------------------------------------


def _send(order: Sending) -> int:
    with app.connect(order.paths) as client:
        _refuse_mentions(order)
        attempt = _queued(client, order) if order.queue else _typed(client, order)
    if isinstance(attempt, Step):
        return verdicts.delivery_code(attempt)
    listener = heard.Hearing(order.paths.database, order.name, attempt, order.timeout)
    return heard.tell(listener.outcome(), order.as_json)


def _typed(client: Client, order: Sending) -> int | Step:
    """The attempt whose reply is waited for; else how the delivery ended, which is told."""
    request = wire.Send(name=order.name, text=order.text, attach=order.attach)
    begun = client.ask(request, wire.Progress)
    [progress] = verdicts.follow(order.paths, [begun.attempt], SEND_PATIENCE)
    arrived = progress.step == Step.CONFIRMED
    if arrived and order.wait:
        return progress.attempt
    if order.as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(progress))))
    elif arrived:
        layout.out(verdicts.delivery(progress))
    else:
        layout.complain(verdicts.delivery(progress))
    return Step(progress.step)


def _queued(client: Client, order: Sending) -> int | Step:
    """The same of a message that waits for its turn first."""
    begun = _enqueued(client, order)
    if order.wait:
        return heard.when_sent(order.paths.database, begun.message, order.timeout)
    if order.as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(begun))))
    else:
        others = "1 other" if begun.before == 1 else f"{begun.before} others"
        behind = f", behind {others}" if begun.before else ""
        layout.out(f"{order.name}: message {begun.message} is queued{behind}")
    return Step.CONFIRMED


def _enqueued(client: Client, order: Sending) -> wire.Enqueued:
    """Asks again when the answer is lost: by its key it is one message, however often."""
    key, end = os.urandom(16).hex(), time.monotonic() + AGAIN_SECONDS
    try:
        return client.enqueue(order.name, order.text, order.attach, key)
    except UnreachableError as lost:
        while time.monotonic() < end:
            time.sleep(0.1)
            with suppress(UnreachableError), app.connect(order.paths) as again:
                return again.enqueue(order.name, order.text, order.attach, key)
        raise lost


def _given(text: str | None, file: str | None) -> str:
    """The text of the command line, of a file or of a pipe."""
    if (text is None) == (file is None):
        raise UsageError("give TEXT, - for a pipe, or --file PATH; nothing was done")
    source = text if text == "-" else file
    if source is None:
        return text or ""
    most = 4 * LONGEST_MESSAGE + 4
    try:
        if source == "-":
            data = sys.stdin.buffer.read(most)
        else:
            with Path(source).open("rb") as opened:
                data = opened.read(most)
        whole = data.decode("utf-8").replace("\r\n", "\n").strip()
    except OSError as problem:
        raise NotFoundError(
            f"{source} cannot be read: {problem.strerror}; nothing was done"
        ) from problem
    except UnicodeDecodeError as problem:
        too_long = len(data) == most
        what = f"longer than {LONGEST_MESSAGE} characters" if too_long else "no text in UTF-8"
        raise UsageError(f"{source} is {what}; nothing was done") from problem
    if wrong := message_problem(whole):
        raise UsageError(f"{source} cannot be typed: {wrong}; nothing was done")
    return whole


def _attached(path: str) -> str:
    whole = Path(path).expanduser().absolute()
    if not whole.is_file():
        raise NotFoundError(f"there is no file {path} to attach; nothing was done")
    return str(whole)


def _refuse_mentions(order: Sending) -> None:
    """A file is attached when it is asked for, not because a text happens to name it."""
    names = messages.mentioned(order.text)
    if not names:
        return
    directory = Path(named.one(order.paths, order.name, TmuxServer())["directory"])
    for name in names:
        try:
            there = (directory / Path(name).expanduser()).exists()
        except (OSError, ValueError, RuntimeError):  # no path at all
            continue
        if there:
            raise UsageError(
                f"Claude Code would attach {name}, which the text names behind an @. "
                f"If you want that: --attach {name}; nothing was done"
            )


# -- what waits ------------------------------------------------------------------------------------


def _list(paths: Paths, name: str, as_json: bool) -> int:
    session = named.one(paths, name, TmuxServer())
    waiting = waiting_of(paths.database, session["uid"])
    if as_json:
        layout.out(layout.json_text({"name": session["name"], "messages": waiting}))
    elif waiting:
        rows = [
            (str(one["id"]), layout.stamp(one["asked_at"]), _stage(one), one["text"], one["reason"])
            for one in waiting
        ]
        fits = {"TEXT": layout.Fit(20), "WHY": layout.Fit(12)}
        layout.out(layout.table(HEADS, rows, layout.room(), fits))
    else:
        layout.out(f"No message waits for {session['name']}.")
    return 0


def waiting_of(database: Path, uid: str) -> list[Row]:
    """The messages that wait for a session; none without a database."""
    connection = reader.open(database)
    if connection is None:
        return []
    with closing(connection):
        found = remembered.messages(connection, uid)
    return [dict(zip(remembered.MESSAGE_COLUMNS, row, strict=True)) for row in found]


def _stage(message: Row) -> str:
    return str(message["stage"]).replace("_", " ")


def _drop(paths: Paths, name: str, drop: tuple[str, ...], as_json: bool) -> int:
    every = drop == (ALL,)
    if not every and not all(word.isdecimal() and int(word) for word in drop):
        raise UsageError(f"--drop takes the number of a message, or {ALL}; nothing was done")
    numbers = [] if every else [int(word) for word in drop]
    with app.connect(paths) as client:
        answer = client.ask(wire.Drop(name=name, messages=numbers, every=every), wire.Dropped)
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(answer))))
    else:
        layout.out(f"{name}: {len(answer.dropped)} dropped, {answer.left} wait")
    return 0
