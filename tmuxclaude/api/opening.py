"""new: a session in a window of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.api.registering import Registering
from tmuxclaude.api.sending import check_text
from tmuxclaude.api.wants import Journal, Watch, Windows
from tmuxclaude.core import errors, labels, names
from tmuxclaude.core.drawn import span
from tmuxclaude.core.model import Launch, Session
from tmuxclaude.store.books import Books

CHOOSING = {"--resume", "-r", "--continue", "-c"}
"""The words of Claude Code's that choose an older conversation."""


@dataclass(frozen=True, slots=True)
class Opening:
    """``account``: the one of who names none; ``registering`` has the launch guard."""

    books: Books
    windows: Windows
    watch: Watch
    journal: Journal
    now: Callable[[], float]
    account: str
    registering: Registering

    def new(self, order: wire.New) -> wire.Opened:
        """Opens a session; raises an error, with nothing opened, when it may not or cannot be."""
        session, notes = self.open(order)
        attempt = None
        if order.prompt is not None:
            attempt = self.journal.begin(session, order.prompt).id
        self.watch.touch(session.uid)
        return wire.Opened(
            name=session.name,
            uid=session.uid,
            socket=session.socket,
            pane=session.pane.pane_id if session.pane is not None else "",
            directory=session.directory,
            conversation=session.conversation,
            attempt=attempt,
            notes=notes,
            starts_at=session.outlook.at,
        )

    def open(self, order: wire.New) -> tuple[Session, list[str]]:
        """The session as it is kept, and notes; its first line is left to the caller."""
        if order.prompt is not None:
            check_text(order.prompt)
        if any("\0" in text for text in (order.directory, order.socket, order.zone)):
            raise errors.UsageError("a NUL byte can be in no path; nothing was opened")
        wanted = labels.changed(labels.Labels(), order.group, order.meta)
        now = self.now()
        environment = dict(order.environment)
        config_dir = order.config_dir or self.watch.rules.claude.config_dir
        if config_dir:
            config_dir = str(Path(config_dir).expanduser())
            environment["CLAUDE_CONFIG_DIR"] = config_dir
        account = config_dir or self.account
        guarded = self.registering.guard(account, order.zone, order.if_limited)
        guarded = self.registering.slot(account, order.if_limited, guarded)
        session, notes = self.windows.open(
            Session(
                uid=secrets.token_hex(16),
                name=self._name(order),
                directory=order.directory,
                account=account,
                launch=Launch(tuple(order.command), (), tuple(environment.items())),
                state=guarded.state,
                since=now,
                tmux_session=order.tmux_session or "",
                socket=order.socket,
                created_at=now,
                reason=guarded.reason,
                zone=order.zone,
                outlook=guarded.outlook,
            ),
            order.arguments,
            order.pane,
            order.select,
        )
        self.books.labels.save(session.uid, wanted)
        return session, [*notes, *guarded.notes, *self._kept_here(order)]

    def _kept_here(self, order: wire.New) -> list[str]:
        """What the last checkpoint in this directory was, unless the user comes back already."""
        if CHOOSING & set(order.arguments):
            return []
        row = self.books.checkpoints.last_in(order.directory)
        if row is None:
            return []
        ago, why = span(self.now() - row["taken_at"]), ", ".join(json.loads(row["reasons"]))
        do = f"restore {row['id']} --resume" if row["snapshot"] else f"show {row['id']}"
        return [f"last checkpoint here {ago} ago ({why}): tmuxclaude checkpoint {do}"]

    def _name(self, order: wire.New) -> str:
        """The name that was asked for, or one made of the directory's that nobody has."""
        taken = self.books.sessions.names_taken()
        if order.name is not None:
            problem = names.name_problem(order.name)
            if problem:
                raise errors.UsageError(f"{problem}; nothing was opened")
            if order.name in taken:
                raise errors.RefusedError(
                    f"a session {order.name} exists already; nothing was opened. "
                    f"Go to it: tmuxclaude attach {order.name}"
                )
            return order.name
        return names.of_directory(order.directory, taken)
