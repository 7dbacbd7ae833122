"""new: a session in a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tmuxclaude.api import wire
from tmuxclaude.api.checkpoints import last_checkpoint
from tmuxclaude.api.registering import Registering, check_command
from tmuxclaude.api.sending import check_text
from tmuxclaude.api.wants import Journal, Surroundings, Watch, Windows
from tmuxclaude.core import accounts, errors, hours, labels, names
from tmuxclaude.core.model import Launch, Session
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Opening:
    """``registering`` has the launch guard."""

    books: Books
    windows: Windows
    watch: Watch
    journal: Journal
    now: Callable[[], float]
    around: Surroundings
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
        check_command(order.command)
        self.around.program(order.command[0])
        hours.must_be_known(order.zone)
        wanted = labels.changed(labels.Labels(), order.group, order.meta)
        now = self.now()
        environment, config_dir = self._place(order)
        account = self.around.account(config_dir)
        guarded = self.registering.guard(account, order.zone, order.if_limited)
        guarded = self.registering.slot(account, order.if_limited, guarded)
        session, notes = self.windows.open(
            Session(
                uid=uuid4().hex,
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
        here = last_checkpoint(self.books, order.directory, order.arguments, now)
        return session, [*notes, *guarded.notes, *here]

    def _place(self, order: wire.New) -> tuple[dict[str, str], str]:
        """The environment of the session, and the configuration directory in it, if it has one."""
        environment, rules = dict(order.environment), self.watch.rules
        config_dir = order.config_dir or rules.claude.config_dir
        if order.account is not None:
            if order.config_dir:
                raise errors.UsageError("give account or config_dir, not both; nothing was opened")
            config_dir = accounts.directory(rules, order.account, self.around.home())
            environment.pop("CLAUDE_CONFIG_DIR", None)
        if config_dir:
            config_dir = str(Path(config_dir).expanduser())
            environment["CLAUDE_CONFIG_DIR"] = config_dir
        return environment, config_dir

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
