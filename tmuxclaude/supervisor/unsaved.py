"""What of a session's work is in no checkpoint, and has one taken of it.

A conversation tells when something was done in it; what was done to the files beside it, by hand or
by a program, only a look at the work tree tells. That may be slow, so a child of ours does it, as
when a checkpoint is taken. A look changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tmuxclaude.core.checkpoints import Stage, Why, Wish
from tmuxclaude.core.model import Session
from tmuxclaude.core.resources import GRACE_SECONDS
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.children import ChildError, Children
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.checkpoints import TAKE_SECONDS, TAKES, Answer, Row

BELIEVED_SECONDS = 30.0
"""How long after a look nothing counts as changed."""

REST_SECONDS = GRACE_SECONDS
"""How long what a look has found against an end is believed: looking costs."""

LOOKING = "its work is being looked at"

TAKING = "a checkpoint of its work is taken first"

CHANGED = "its work has just changed"

TOLD_BY = ("root", "head", "changed", "files")
"""The columns of a checkpoint that tell the files that differ from the commit, and from which."""


@dataclass(slots=True)
class Unsaved:
    """``ask`` has a checkpoint taken; ``child`` looks; ``home``: the home directory."""

    books: Books
    rules: Rules
    clock: Clock
    ask: Callable[[Wish], str]
    child: Children
    home: str
    _seen: dict[str, tuple[float, Answer]] = field(default_factory=dict)
    _news: bool = False

    def turn(self) -> None:
        """Once in each loop: takes in what was looked at."""
        now, came = self.clock.monotonic(), self.child.answers()
        self._seen = {key: one for key, one in self._seen.items() if now - one[0] < REST_SECONDS}
        self._seen |= {key: (now, answer) for key, answer in came}
        self._news = bool(came)
        if not self.child.busy:
            self.child.rest()

    @property
    def looks(self) -> bool:
        """Whether a look is still to come, or has come in this turn."""
        return self._news or bool(self.child.busy)

    def why(self, session: Session, active_at: float | None) -> str:
        """What of its work keeps it from being stopped; empty when nothing does.

        ``active_at``: when it last did anything (UTC epoch seconds); ``None``: never.
        """
        if session.conversation is None or not session.recorded:
            return ""
        last = self.books.checkpoints.latest(session.account, session.conversation)
        done_at = session.since if active_at is None else active_at
        if last is None or last["asked_at"] < done_at:
            return self._take(session)
        if last["stage"] == Stage.GAVE_UP:
            return f"no checkpoint could be taken: {last['problem']}"
        if last["stage"] != Stage.TAKEN:
            return TAKING
        return self._since(session, last)

    def _since(self, session: Session, last: Row) -> str:
        """The same of what was done to the files, by a look that is new enough."""
        at, answer = self._seen.get(last["id"], (0.0, None))
        why = "" if answer is None else lacking(last, answer)
        believed = REST_SECONDS if why else BELIEVED_SECONDS
        if answer is None or self.clock.monotonic() - at >= believed:
            self._look(session, last["id"])
            return LOOKING
        if why == CHANGED and self.clock.now() - last["taken_at"] >= GRACE_SECONDS:
            return self._take(session)
        return why

    def _look(self, session: Session, key: str) -> None:
        if not self.child.busy:
            order = {"do": "look", "directory": session.directory, "home": self.home}
            self.child.ask(key, order, TAKE_SECONDS)

    def _take(self, session: Session) -> str:
        if not self.rules.checkpoint_of(session.name).enabled:
            return "its work has no checkpoint, and checkpoint.enabled is false"
        place = (session.conversation or "", session.account, session.directory, session.uid)
        self.ask(Wish(*place, reasons=(Why.END,), note="before it is stopped under a budget"))
        return TAKING

    def close(self) -> None:
        """Looks no more."""
        self.child.close()


def lacking(last: Row, answer: Answer) -> str:
    """What a checkpoint that was taken lacks of what a look has found; empty when nothing."""
    work: Mapping[str, Any] | None = answer.get("work") if isinstance(answer, dict) else None
    if work is None:
        problem = answer if isinstance(answer, ChildError) else answer.get("problem")
        return f"its work cannot be looked at: {problem}"
    if not work["changed"]:
        return ""
    if any(work[column] != last[column] for column in TOLD_BY):
        return CHANGED
    return "" if last["snapshot"] else f"its work is in no snapshot: {last['problem']}"


def looker(environment: Mapping[str, str], scratch: Path, wake: Callable[[], None]) -> Children:
    """Who looks. ``scratch``: as of those who take checkpoints."""
    return Children(TAKES, {**environment, "TMPDIR": str(scratch)}, 1, wake)
