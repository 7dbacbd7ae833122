"""chain reset and set: what is kept of conversations, and what a user hangs on sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.api.finding import named
from tmuxclaude.api.wants import Watch
from tmuxclaude.core import errors, labels
from tmuxclaude.core.model import Session
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Chains:
    """How a chain grows, the supervisor sees."""

    books: Books
    watch: Watch
    now: Callable[[], float]

    def set_labels(self, order: wire.Set) -> wire.Verdicts:
        """Changes the group and the metadata of the named sessions: of all, or of none."""
        if order.group is None and not order.meta:
            raise errors.UsageError("say a group or metadata; nothing was done")
        sessions = list(self._chosen(order.names))
        wanted = [
            labels.changed(self.books.labels.of(one.uid), order.group, order.meta)
            for one in sessions
        ]
        with self.books.db.writing():
            for session, values in zip(sessions, wanted, strict=True):
                self.books.labels.save(session.uid, values)
        return wire.Verdicts(
            sessions=[
                wire.Verdict(name=session.name, done="set", why=_words(values))
                for session, values in zip(sessions, wanted, strict=True)
            ]
        )

    def reset(self, order: wire.ResetChain) -> wire.Verdicts:
        """Cuts off what came before the conversation that each named session is in."""
        return wire.Verdicts(sessions=[self._cut(one) for one in list(self._chosen(order.names))])

    def _cut(self, session: Session) -> wire.Verdict:
        with self.books.db.writing():
            gone = self.books.sessions.cut_chain(session.uid)
            if gone:
                why = f"by you: {gone} earlier conversations are forgotten"
                self.books.events.note(self.now(), session.uid, "chain reset", why)
        self.watch.reconsider()
        why = f"{gone} earlier conversations are forgotten; their files stay"
        return wire.Verdict(
            name=session.name, done="reset", why=why if gone else "there was nothing to forget"
        )

    def _chosen(self, names: list[str]) -> Iterator[Session]:
        if not names:
            raise errors.UsageError("name one or more sessions; nothing was done")
        yield from (named(self.books, name) for name in names)


def _words(values: labels.Labels) -> str:
    parts = [f"group {values.group}" if values.group else "no group"]
    return ", ".join([*parts, *(f"{key}={value}" for key, value in values.meta.items())])
