"""validate: whether the files of conversations are sound, and facts about them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import click

from tmuxclaude import app
from tmuxclaude.cli import in_force, layout, named, quick
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.errors import UsageError
from tmuxclaude.store import reader, remembered
from tmuxclaude.survey import overview, validation

if TYPE_CHECKING:
    from tmuxclaude.cli.quick import Row
    from tmuxclaude.edges.paths import Paths
    from tmuxclaude.survey.validation import Checked

BROKEN = 1
"""The exit code when a file is broken."""

HEADS = ("CONVERSATION", "SESSION", "SIZE", "MESSAGES", "FIRST", "LAST", "IS")
FITS = {
    "FIRST": layout.Fit(may_go=True),
    "IS": layout.Fit(28),
    "SIZE": layout.Fit(may_go=True),
    "SESSION": layout.Fit(7, middle=True),
    "CONVERSATION": layout.Fit(8),
}

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BEGUN = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,27}", re.IGNORECASE)


class Target(NamedTuple):
    """One file to check. ``begun``: something was said, so that it must be there."""

    account: str
    conversation: str
    directory: str = ""
    session: str = ""
    begun: bool = True


@click.command("validate", cls=Verb)
@click.argument("words", metavar="[NAME|ID]...", nargs=-1, shell_complete=named.complete)
@click.option("--all", "every", is_flag=True, help="Every conversation of every session.")
@as_json
def validate_command(words: tuple[str, ...], every: bool, as_json: bool) -> int:
    """Check that the files of conversations are sound.

    There, readable, JSONL, not empty, of this conversation. NAME means all conversations of a
    session, ID one of any account; its first eight characters are enough. The exit code is 1 when
    one is broken. Nothing is changed, and no supervisor is needed.
    """
    if bool(words) == every:
        raise UsageError("give names or ids, or --all; nothing was done")
    paths = app.paths()
    found = [(one, _checked(one)) for one in dict.fromkeys(_targets(paths, words))]
    if as_json:
        layout.out(layout.json_text({"conversations": [_plain(*pair) for pair in found]}))
    elif found:
        now = time.time()
        rows = [_cells(one, checked, now) for one, checked in found]
        layout.out(layout.table(HEADS, rows, layout.room(), FITS))
    else:
        layout.out("There is no conversation to check.")
    return BROKEN if any(checked.problems for _, checked in found) else 0


def _checked(one: Target) -> Checked:
    return validation.check(one.account, one.conversation, one.directory, begun=one.begun)


def _targets(paths: Paths, words: tuple[str, ...]) -> Iterator[Target]:
    """What these words mean; without any, every conversation of every session."""
    server = tmux_server()
    if not words:
        for session in quick.sessions(str(paths.database), True, server.only):
            yield from _chain(paths, session)
    for word in words:
        if _UUID.fullmatch(word):
            yield _by_id(paths, word.lower())
        elif _BEGUN.fullmatch(word) and (
            ids := overview.beginning_with(_accounts(paths), word.lower())
        ):
            if len(ids) > 1:
                raise UsageError(f"{len(ids)} conversations begin with {word}; give more of the id")
            yield _by_id(paths, ids[0])
        else:
            yield from _chain(paths, named.one(paths, word, server))


def _chain(paths: Paths, session: Row) -> Iterator[Target]:
    """Every conversation of a session."""
    connection = reader.open(paths.database)
    if connection is None:
        return
    with closing(connection):
        links = remembered.chain(connection, session["uid"])
    for values in links:
        link = dict(zip(remembered.CHAIN_COLUMNS, values, strict=True))
        where = (session["account"], str(link["conversation"]), session["directory"])
        yield Target(*where, session["name"], bool(link["prompts"]))


def _by_id(paths: Paths, conversation: str) -> Target:
    """A conversation by its id, in the account that has it; in a session's, if one had it."""
    for session in quick.sessions(str(paths.database), True, None):
        for target in _chain(paths, session):
            if target.conversation == conversation:
                return target
    accounts = _accounts(paths)
    for account in accounts:
        checked = validation.check(account, conversation)
        if checked.size is not None:
            return Target(account, conversation)
    return Target(accounts[0], conversation)


def _accounts(paths: Paths) -> list[str]:
    return overview.accounts(in_force.rules(), os.environ, overview.registered(paths).accounts)


def _plain(one: Target, checked: Checked) -> Row:
    told = checked.activity
    return {
        "id": checked.conversation,
        "account": checked.account,
        "session": one.session or None,
        "path": checked.path,
        "valid": not checked.problems,
        "problems": list(checked.problems),
        "notes": list(checked.notes),
        "size": checked.size,
        "messages": {"user": told.prompts, "assistant": told.replies},
        "first_at": told.first_at,
        "last_at": told.last_at,
    }


def _cells(one: Target, checked: Checked, now: float) -> tuple[str, ...]:
    told = checked.activity
    words = [*checked.problems, *checked.notes]
    verdict = "broken" if checked.problems else "sound"
    return (
        checked.conversation,
        one.session,
        "" if checked.size is None else f"{checked.size / 1000:.1f} kB",
        f"{told.prompts}/{told.replies}",
        *("" if at is None else layout.moment(at, now) for at in (told.first_at, told.last_at)),
        f"{verdict}: {'; '.join(words)}" if words else verdict,
    )
