"""Joins what is known of conversations: transcripts, sessions, checkpoints, work trees.

Reads, and changes nothing but the cache of the scan; needs no supervisor.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.core import triggers
from tmuxclaude.core.accounts import named
from tmuxclaude.core.conversations import Conversation, Kept, Transcript
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.rules import Rules
from tmuxclaude.core.triggers import Verdict
from tmuxclaude.edges import claude_files, claude_scan
from tmuxclaude.edges.git import looks
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.store import reader
from tmuxclaude.survey import scan

Key = tuple[str, str]
"""An account, and the id or the transcript of a conversation of it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry says: accounts of its sessions, whose conversations, their checkpoints.

    Those are known by an account and ``where`` a transcript lies in it.
    """

    accounts: tuple[str, ...] = ()
    sessions: Mapping[Key, str] | None = None
    kept: Mapping[Key, Kept] | None = None


def look(
    paths: Paths,
    rules: Rules,
    env: Mapping[str, str],
    since: float | None = None,
    directory: str | None = None,
    tell: scan.Tell = lambda *_: None,
) -> tuple[list[Conversation], dict[str, str]]:
    """The conversations of every known account, the latest first; and what could not be read.

    ``since``: UTC epoch seconds of the last record; ``directory``: only those that began in it or
    below. Of the work trees nothing is known yet: see ``with_work``.
    """
    with suppress(UsageError):  # where none can be made, the survey does without its cache
        private_directory(paths.state_dir)
    registry = registered(paths)
    survey = scan.survey(accounts(rules, env, registry.accounts), paths.transcripts, since, tell)
    found = [_joined(one, registry) for one in survey.transcripts]
    if directory is not None:
        found = [one for one in found if _is_within(one.activity.directory, directory)]
    found.sort(key=lambda one: one.activity.last_at or 0.0, reverse=True)
    return found, survey.problems


def with_work(found: Iterable[Conversation], home: str) -> list[Conversation]:
    """The same, with what is not committed around the directory of each, as far as time allows."""
    found = list(found)
    known = looks.uncommitted((one.activity.directory for one in found), home)
    return [replace(one, uncommitted=known[one.activity.directory]) for one in found]


def due(
    found: Iterable[Conversation], rules: Rules, now: float
) -> list[tuple[Conversation, Verdict]]:
    """What is to be said of a checkpoint of each; the one whose last is oldest comes first."""
    told = []
    for one in found:
        own = rules.checkpoint_of(one.session)
        told.append((one, triggers.verdict(triggers.measured(one), own, now)))
    return sorted(told, key=lambda pair: pair[0].kept.at if pair[0].kept is not None else 0.0)


def accounts(rules: Rules, env: Mapping[str, str], more: Iterable[str] = ()) -> list[str]:
    """Claude Code's default, the caller's and the configured directories, and ``more``; each
    once."""
    home = env.get("HOME", "")
    known = ["", env.get("CLAUDE_CONFIG_DIR", "")]
    if rules.claude.config_dir:
        known.append(str(Path(rules.claude.config_dir).expanduser()))
    known += [*named(rules, home).values(), *more]
    return list(dict.fromkeys(claude_files.account(path, home) for path in known))


def registered(paths: Paths) -> Registered:
    """What the registry knows; nothing when there is none."""
    connection = reader.open(paths.database)
    if connection is None:
        return Registered()
    with closing(connection):
        rows = reader.rows(connection, include_ended=True)
        owners = reader.owners(connection)
        kept = reader.last_checkpoints(connection)
    column = reader.SESSION_COLUMNS.index("account")
    return Registered(
        accounts=tuple(dict.fromkeys(str(row[column]) for row in rows)),
        sessions={(str(account), str(uid)): str(name) for uid, account, name, _ in owners},
        kept={
            (str(account), where(str(path))): Kept(str(name), float(str(at)), int(str(offset)))
            for account, path, name, at, offset in kept
        },
    )


def beginning_with(accounts: Iterable[str], begun: str) -> list[str]:
    """The ids of the conversations of these accounts that begin so."""
    found = (path for account in accounts for path in claude_scan.transcripts(account).marks)
    return sorted({Path(path).stem for path in found if Path(path).stem.startswith(begun)})


def _joined(transcript: Transcript, registry: Registered) -> Conversation:
    account, sessions, kept = transcript.account, registry.sessions or {}, registry.kept or {}
    session = sessions.get((account, transcript.conversation), "")
    return Conversation(transcript, session, kept.get((account, where(transcript.path))))


def where(path: str) -> str:
    """The folder and the name of a transcript, without its account's directory."""
    return "/".join(path.rsplit("/", 2)[-2:])


def _is_within(path: str, directory: str) -> bool:
    """Whether a directory is this one or below; what a transcript says may be no path at all."""
    if not path.startswith("/") or "\0" in path:
        return False
    real, above = os.path.realpath(path), os.path.realpath(directory)
    return f"{real}/".startswith(f"{above.rstrip('/')}/")
