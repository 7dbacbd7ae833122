"""Sessions and the chain of conversations each of them had.

Knows how a ``Session`` lies in its table; decides nothing about it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from tmuxclaude.core.errors import NotFoundError, RefusedError
from tmuxclaude.core.model import (
    Actor,
    Launch,
    Outlook,
    Pane,
    Process,
    Server,
    Session,
    State,
    Want,
)
from tmuxclaude.store.database import Database, Row
from tmuxclaude.store.legible import RESTS_ON, Flaw, flaws
from tmuxclaude.store.reader import PICKABLE


class Link(NamedTuple):
    """One conversation of a session's chain.

    ``position`` counts from 1. ``began_at``: UTC epoch seconds. ``why``: one word for what made
    it the current one (``start``, ``resume``, ``clear``, ``fork`` …).
    """

    position: int
    conversation: str
    began_at: float
    why: str


class Sessions:
    """The registry. A name belongs to one session that has not ended; ended ones may share it.

    A session of which something is kept that is not understood is in none of its answers.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watched: list[Session] = []
        self._watched_at: int | None = None
        self._illegible: dict[str, Flaw] = {}
        self._read_at: object = None

    @property
    def illegible(self) -> Mapping[str, Flaw]:
        """The sessions, by uid, of which something is not understood, and what."""
        written = self._db.written_by_others
        if written != self._read_at:
            found = flaws(self._db.reading, RESTS_ON)
            self._illegible = {flaw.session: flaw for flaw in reversed(found)}
            self._read_at, self._watched_at = written, None
        return self._illegible

    def add(self, session: Session) -> None:
        """Keep a new session. Raises ``RefusedError`` when its name or uid is taken."""
        with self._db.writing():
            try:
                self._db.insert("sessions", {"uid": session.uid} | _row(session))
            except sqlite3.IntegrityError as error:
                raise _taken(session) from error

    def remove(self, uid: str) -> None:
        """Forget a session and everything that was kept of it."""
        with self._db.writing():
            self._db.delete("steps", "attempt IN (SELECT id FROM attempts WHERE session = ?)", uid)
            for table in (
                "messages",
                "attempts",
                "halts",
                "chain",
                "events",
                "activity",
                "abandoned",
                "speakers",
                "lifetimes",
                "labels",
            ):
                self._db.delete(table, "session = ?", uid)
            self._db.delete("standing", "whose = ?", uid)
            self._db.delete("sessions", "uid = ?", uid)
        self._illegible.pop(uid, None)

    def save(self, session: Session) -> bool:
        """Keep what changed, and return whether anything did; an equal session costs no write.

        Raises ``NotFoundError`` for a session that was never added, and ``RefusedError`` when one
        comes back from its end and another has its name by now.
        """
        known = self.get(session.uid)
        if known is None:
            raise NotFoundError(f"There is no session {session.uid}.")
        if known == session:
            return False
        with self._db.writing():
            try:
                self._db.update("sessions", _row(session), "uid = ?", session.uid)
            except sqlite3.IntegrityError as error:
                raise _taken(session) from error
        return True

    def get(self, uid: str) -> Session | None:
        """The session with this uid."""
        row = self._db.row("SELECT * FROM sessions WHERE uid = ?", uid)
        return None if row is None or uid in self.illegible else from_row(row)

    def by_name(self, name: str) -> Session | None:
        """The session that has this name; when none has it now, the last one that had it.

        Raises ``RefusedError`` when that is one of which something is not understood.
        """
        row = self._db.row(
            "SELECT * FROM sessions WHERE name = ?"
            " ORDER BY state = 'ended', created_at DESC, rowid DESC LIMIT 1",
            name,
        )
        if row is not None and row["uid"] in self.illegible:
            raise RefusedError(f"{left_alone(self.illegible[row['uid']])}. Nothing was done")
        return None if row is None else from_row(row)

    def of_conversation(self, conversation: str) -> Session | None:
        """The session that has or had this conversation: a living one, else the newest."""
        row = self._db.row(
            "SELECT s.* FROM sessions s JOIN chain c ON c.session = s.uid WHERE c.conversation = ?"
            " ORDER BY s.state = 'ended', s.created_at DESC, s.rowid DESC LIMIT 1",
            conversation,
        )
        return None if row is None or row["uid"] in self.illegible else from_row(row)

    def all(self) -> list[Session]:
        """Every session ever kept, in the order they were added."""
        return self._legible("SELECT * FROM sessions ORDER BY rowid")

    def not_ended(self) -> list[Session]:
        """The sessions to watch, the queued and the lost included, in the order of adding.

        Asked for at each tick, and read again only after something was written.
        """
        version, _ = self._db.version, self.illegible
        if version is None or version != self._watched_at:
            self._watched = self._legible(
                "SELECT * FROM sessions WHERE state <> 'ended' ORDER BY rowid"
            )
            self._watched_at = version
        return list(self._watched)

    def _legible(self, query: str) -> list[Session]:
        strange = self.illegible
        return [from_row(row) for row in self._db.rows(query) if row["uid"] not in strange]

    def pickable(self) -> list[Row]:
        """The rows of ``reader.PICKABLE``: what a picker offers."""
        strange = self.illegible
        return [row for row in self._db.rows(PICKABLE) if row["uid"] not in strange]

    def names_taken(self) -> frozenset[str]:
        """The names that a new session cannot have."""
        rows = self._db.rows("SELECT name FROM sessions WHERE state <> 'ended'")
        return frozenset(row["name"] for row in rows)

    def link(self, uid: str, conversation: str, at: float, why: str) -> bool:
        """Add a conversation to the chain, unless it is the last link already.

        Returns whether the chain grew. Raises ``NotFoundError`` for an unknown session.
        """
        with self._db.writing():
            last = self._db.row(
                "SELECT position, conversation FROM chain WHERE session = ?"
                " ORDER BY position DESC LIMIT 1",
                uid,
            )
            if last is not None and last["conversation"] == conversation:
                return False
            row = {
                "session": uid,
                "position": 1 if last is None else last["position"] + 1,
                "conversation": conversation,
                "began_at": at,
                "why": why,
            }
            try:
                self._db.insert("chain", row)
            except sqlite3.IntegrityError as error:
                raise NotFoundError(f"There is no session {uid}.") from error
        return True

    def began(self, uid: str, conversation: str, why: str) -> None:
        """Correct why the last link began, when that is this conversation.

        A fork stays one, and what was moved to the background stays that.
        """
        last = "position = (SELECT max(position) FROM chain WHERE session = ?)"
        kept = "why NOT IN ('fork', 'background', ?)"
        where = f"session = ? AND conversation = ? AND {kept} AND {last}"
        if self._db.row(f"SELECT 1 FROM chain WHERE {where}", uid, conversation, why, uid):
            with self._db.writing():
                self._db.update("chain", {"why": why}, where, uid, conversation, why, uid)

    def cut_chain(self, uid: str) -> int:
        """Forget every conversation but the last, and what was counted in them.

        Returns how many links went.
        """
        with self._db.writing():
            links = self.chain(uid)
            if len(links) > 1:
                last = links[-1]
                self._db.delete("chain", "session = ? AND position < ?", uid, last.position)
                self._db.update("chain", {"position": 1}, "session = ?", uid)
                where = "session = ? AND conversation <> ?"
                self._db.delete("activity", where, uid, last.conversation)
        return max(0, len(links) - 1)

    def chain(self, uid: str) -> list[Link]:
        """The conversations of a session, oldest first."""
        rows = self._db.rows(
            "SELECT position, conversation, began_at, why FROM chain"
            " WHERE session = ? ORDER BY position",
            uid,
        )
        return [Link(**row) for row in rows]


def left_alone(flaw: Flaw) -> str:
    """What becomes of a session of which something is not understood, for people."""
    why = f"{flaw.words}, which is not understood"
    return f"{flaw.name} is left alone: {why}; see: tmuxclaude doctor"


def _taken(session: Session) -> RefusedError:
    return RefusedError(
        f"There is a session named {session.name} already. Choose another name, or stop that one."
    )


def _row(session: Session) -> Row:
    pane, process, launch = session.pane, session.process, session.launch
    return {
        "name": session.name,
        "directory": session.directory,
        "account": session.account,
        "launch": json.dumps(
            {
                "command": launch.command,
                "flags": launch.flags,
                "environment": launch.environment,
            }
        ),
        "state": session.state,
        "since": session.since,
        "want": session.want,
        "conversation": session.conversation,
        "tmux_session": session.tmux_session,
        "window_index": session.window_index,
        "window_name": session.window_name,
        "socket": session.socket,
        "pane_socket": pane and pane.server.socket,
        "server_pid": pane and pane.server.pid,
        "server_started": pane and pane.server.started,
        "pane_id": pane and pane.pane_id,
        "pane_pid": pane and pane.pane_pid,
        "nonce": pane and pane.nonce,
        "process_pid": process and process.pid,
        "process_started": process and process.started,
        "process_boot": process and process.boot,
        "opened_by_us": session.opened_by_us,
        "program": session.program,
        "created_at": session.created_at,
        "rebuilt_at": session.rebuilt_at,
        "reason": session.reason,
        "zone": session.zone,
        "recorded": session.recorded,
        "outlook_actor": session.outlook.actor,
        "outlook_at": session.outlook.at,
        "outlook_why": session.outlook.why,
    }


def from_row(row: Row) -> Session:
    """The session of a row of the table, values as SQLite gives them."""
    return Session(
        uid=row["uid"],
        name=row["name"],
        directory=row["directory"],
        account=row["account"],
        launch=_launch(json.loads(row["launch"])),
        state=State(row["state"]),
        since=row["since"],
        want=Want(row["want"]),
        conversation=row["conversation"],
        tmux_session=row["tmux_session"],
        window_index=row["window_index"],
        window_name=row["window_name"],
        socket=row["socket"],
        pane=_pane(row),
        process=_process(row),
        opened_by_us=bool(row["opened_by_us"]),
        program=row["program"],
        created_at=row["created_at"],
        rebuilt_at=row["rebuilt_at"],
        reason=row["reason"],
        zone=row["zone"],
        recorded=bool(row["recorded"]),
        outlook=Outlook(Actor(row["outlook_actor"]), row["outlook_at"], row["outlook_why"]),
    )


def _launch(kept: dict[str, Any]) -> Launch:
    return Launch(
        command=tuple(kept["command"]),
        flags=tuple(kept["flags"]),
        environment=tuple((name, value) for name, value in kept["environment"]),
    )


def _pane(row: Row) -> Pane | None:
    if row["pane_id"] is None:
        return None
    server = Server(row["pane_socket"], row["server_pid"], row["server_started"])
    return Pane(server, row["pane_id"], row["pane_pid"], row["nonce"])


def _process(row: Row) -> Process | None:
    if row["process_pid"] is None:
        return None
    return Process(row["process_pid"], row["process_started"], row["process_boot"])
