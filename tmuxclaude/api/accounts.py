"""accounts: which there are, what they are called, and which limits stand for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tmuxclaude.api import wire
from tmuxclaude.api.wants import Surroundings, Watch
from tmuxclaude.core import accounts
from tmuxclaude.store import reader
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Accounts:
    """Changes nothing."""

    books: Books
    watch: Watch
    now: Callable[[], float]
    around: Surroundings

    def known(self, _: wire.Accounts) -> wire.AccountsTold:
        """What ``tmuxclaude status --json`` says of them."""
        written = accounts.named(self.watch.rules, self.around.home())
        named = {name: self.around.account(path) for name, path in written.items()}
        sessions = [session.account for session in self.books.sessions.not_ended()]
        limits = self._limits()
        directories = dict.fromkeys([*named.values(), *sessions, *limits])
        called = accounts.names(named, directories)
        return wire.AccountsTold(
            accounts=[
                wire.AccountView(
                    name=called[directory],
                    directory=directory,
                    sessions=sessions.count(directory),
                    limits=limits.get(directory, []),
                )
                for directory in directories
            ]
        )

    def _limits(self) -> dict[str, list[wire.LimitView]]:
        """Those that stand, by the account."""
        found: dict[str, list[wire.LimitView]] = {}
        for row in reader.account_limits(self.books.db.reading):
            limit = dict(zip(reader.LIMIT_COLUMNS, row, strict=True))
            at = limit["resets_at"]
            if limit["lifted_at"] is None and isinstance(at, float) and at > self.now():
                view = msgspec.convert(limit, wire.LimitView)
                found.setdefault(str(limit["account"]), []).append(view)
        return found
