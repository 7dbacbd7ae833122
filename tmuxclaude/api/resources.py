"""resources: what the sessions take of this machine, and how much of the budgets is free.

Measures nothing: the figures are those of the supervisor's last look at the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from tmuxclaude.api import wire
from tmuxclaude.api.wants import Watch
from tmuxclaude.core.model import Session
from tmuxclaude.core.resources import MB, Figures
from tmuxclaude.core.states import LIVING
from tmuxclaude.store.books import Books

WELL = "well"

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Resources:
    """Who runs is the registry's to say; one that began after the look is not measured yet."""

    books: Books
    watch: Watch
    figures: Callable[[], Figures]

    def measured(self, _: wire.Resources) -> wire.Measured:
        """The sessions that have a process, and what they take together."""
        views = [self.of(session) for session in self.books.sessions.not_ended()]
        running = [view for view in views if view is not None]
        return wire.Measured(
            measured_at=self.figures().at,
            total=self._share("", running),
            accounts=[
                self._share(account, [one for one in running if one.account == account])
                for account in dict.fromkeys(one.account for one in running)
            ],
            sessions=running,
        )

    def of(self, session: Session) -> wire.UseView | None:
        """What one session takes; ``None`` when it has no process."""
        if session.state not in LIVING:
            return None
        figures = self.figures()
        use = next((one for one in figures.uses if one.uid == session.uid), None)
        view = wire.UseView(uid=session.uid, name=session.name, account=session.account)
        if use is None:
            return view
        return replace(
            view,
            memory_bytes=use.memory,
            cpu_percent=use.cpu,
            health=use.trouble or WELL,
            measured_at=figures.at,
        )

    def _share(self, account: str, uses: Sequence[wire.UseView]) -> wire.ShareView:
        """``account``: empty for all."""
        rules = self.watch.rules.budget
        slots = rules.account_sessions if account else rules.sessions
        memory = rules.account_memory_mb if account else rules.memory_mb
        cpu = rules.account_cpu_percent if account else rules.cpu_percent
        return wire.ShareView(
            account=account,
            slots_taken=len(uses),
            slots_free=max(0, slots - len(uses)) if slots else None,
            slots_allowed=slots or None,
            memory_bytes=_sum([one.memory_bytes for one in uses]),
            memory_bytes_allowed=memory * MB or None,
            cpu_percent=_sum([one.cpu_percent for one in uses]),
            cpu_percent_allowed=cpu or None,
        )


def _sum(found: Sequence[N | None]) -> N | None:
    """Of those that are known; ``None`` when there are some, and none is."""
    known = [one for one in found if one is not None]
    return sum(known) if known or not found else None
