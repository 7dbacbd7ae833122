"""Has checkpoints taken: on its occasions and when somebody asks, a few at once, each one once.

What may be slow (a transcript of many megabytes, git) is done by children of ours; here it is
decided which comes next, and what became of it is written down. One that fails is tried again
later, and never holds up the others.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tmuxclaude.core.checkpoints import BACKOFF, Why, Wish
from tmuxclaude.core.model import Session
from tmuxclaude.core.recap import Recap
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.children import ChildError, Children
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.failpoints import around
from tmuxclaude.edges.paths import private_directory
from tmuxclaude.store.books import Books
from tmuxclaude.store.checkpoints import BRINGS

log = logging.getLogger(__name__)

TAKES = "tmuxclaude.supervisor.checkpoint_child"
FINDS = "tmuxclaude.survey.due"
"""The programs of the children."""

AT_ONCE = 2

TAKE_SECONDS = 120.0
"""How long taking one may last, however large its transcript and its work are."""

FIND_SECONDS = 600.0
"""How long it may last to find what is due; the first time everything is read."""

OCCASION_SECONDS = 3600.0
"""A halt or an end that was noticed longer ago than this is no occasion any more."""

TOLD = "For information, not as a task: earlier work in this directory, in the conversation"

EVENT = "checkpoint"
FAILED = "no checkpoint"
"""The kinds of events that tell of it."""

Row = Mapping[str, Any]
Answer = dict[str, Any] | ChildError


@dataclass(slots=True)
class Checkpointer:
    """``children`` take them, ``finder`` finds what is due. ``home``: the home directory, of which
    no snapshot is ever taken."""

    books: Books
    rules: Rules
    clock: Clock
    children: Children
    finder: Children
    home: str
    _find_at: float = 0.0
    _started: bool = False
    _looked: tuple[int | None, float | None] = (None, None)
    _noticed: set[tuple[str, Why, float]] = field(default_factory=set)
    _drops: list[_Drop] = field(default_factory=list)
    _under_way: dict[str, _Drop] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _numbered: int = 0

    def turn(self) -> None:
        """Once in each loop; costs next to nothing when there is nothing to do."""
        now = self.clock.now()
        if not self._started:
            self.books.checkpoints.interrupted(now)
            self._find_at = self.clock.monotonic() + 60 * self.rules.checkpoint.every_minutes
            self._started = True
        self._find(now)
        self._answers |= self.children.answers()
        for key in list(self._answers):  # one that cannot be written down now is not lost
            self._answered(key, self._answers[key], now)
            del self._answers[key]
        version, next_at = self._looked
        changed = version is None or version != self.books.db.version
        if changed and self.rules.checkpoints_unasked:
            self._occasions(now)
        if changed or (next_at is not None and next_at <= now):
            self._begin(now)
            self._looked = (self.books.db.version, self.books.checkpoints.next_at())
        if not self.children.busy:
            self.children.rest()

    def ask(self, wish: Wish) -> str:
        """The id of the checkpoint that will answer ``wish``."""
        return self.books.checkpoints.ask(wish, self.clock.now())

    def recap(self, session: Session) -> str:
        """What a new conversation of it is told of the last checkpoint in its directory."""
        wanted = self.rules.checkpoint_of(session.name).tell_claude
        row = self.books.checkpoints.last_in(session.directory) if wanted else None
        if row is None:
            return ""
        told = Recap.read(json.loads(row["recap"])).text()
        return f"{TOLD} {row['conversation']}:\n{told}" if told else ""

    def prune(self, rows: Iterable[Row], gone: bool = False) -> None:
        """Forgets these checkpoints: first what git keeps of each, then the rest.

        One whose snapshot is in a repository that is not there stays, unless ``gone``.
        """
        together: dict[tuple[str, bool], list[Row]] = {}
        for row in rows:
            place = row["repository"] or row["directory"]
            together.setdefault((place, bool(row["snapshot"]) and not gone), []).append(row)
        for (_, needed), there in together.items():
            ids = tuple(row["id"] for row in there)
            place = (there[0]["directory"], there[0]["repository"])
            self._drops.append(_Drop(*place, ids, needed=needed))
        self._looked = (None, None)

    # -- occasions -------------------------------------------------------------------------------

    def _occasions(self, now: float) -> None:
        """A limit that halted a session, and its end: each of them once."""
        since, checkpoints = now - OCCASION_SECONDS, self.books.checkpoints
        found = [(row, Why.LIMIT) for row in checkpoints.sessions_halted(since)]
        found += [(row, Why.END) for row in checkpoints.sessions_ended(since)]
        for row, why in found:
            occasion = (row["uid"], why, row["at"])
            if not self.rules.checkpoint_of(row["name"]).enabled:
                continue
            if occasion not in self._noticed:  # a clock that was set back makes it look new
                self._noticed.add(occasion)
                place = (row["conversation"], row["account"], row["directory"], row["uid"])
                checkpoints.ask(Wish(*place, reasons=(why,)), now)

    def _find(self, now: float) -> None:
        """What is due by the triggers, as often as it is looked for."""
        for _, answer in self.finder.answers():
            self.finder.rest()
            due = answer.get("due") if isinstance(answer, dict) else None
            if not isinstance(due, list):
                why = answer.get("problem") if isinstance(answer, dict) else answer
                log.warning("what is due for a checkpoint could not be found: %s", why)
            for one in due if isinstance(due, list) else ():
                session = self.books.sessions.of_conversation(one["conversation"])
                uid = session.uid if session is not None else ""
                place = (one["conversation"], one["account"], one["directory"], uid)
                known = {"after": one["after"], "transcript": one["transcript"]}
                wish = Wish(*place, reasons=tuple(one["reasons"]), **known)
                self.books.checkpoints.ask(wish, now)
        monotonic = self.clock.monotonic()
        wanted = self.rules.checkpoints_unasked and monotonic >= self._find_at
        if wanted and not self.finder.busy:
            self._find_at = monotonic + 60 * self.rules.checkpoint.every_minutes
            self.finder.ask("due", {"now": now}, FIND_SECONDS)

    # -- beginning -------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """As many as there are children for; what has waited longest comes first."""
        free = AT_ONCE - len(self.children.busy)
        for row in self.books.checkpoints.waiting(now)[:free] if free else ():
            with around("checkpoint-begun"):
                self.books.checkpoints.begin(row["id"])
            self.children.ask(row["id"], self._order(row, now), TAKE_SECONDS)
            free -= 1
        for drop in self._drops[:free]:
            self._drops.remove(drop)
            self._numbered += 1
            key = f"drop {self._numbered}"
            self._under_way[key] = drop
            self.children.ask(key, drop.order(self.home), TAKE_SECONDS)

    def _order(self, row: Row, now: float) -> dict[str, Any]:
        """The last try does without git: facts and a recap are better than nothing."""
        given = ("id", "conversation", "account", "directory", "transcript", "problem")
        session = self.books.sessions.get(row["session"])
        rules = self.rules.checkpoint_of(session.name if session is not None else "")
        return {name: row[name] for name in given} | {
            "do": "take",
            "home": self.home,
            "at": now,
            "snapshot": rules.snapshot,
            "max_bytes": rules.max_mb * 2**20,
            "again": bool(row["tries"] or row["problem"]),
            "git": row["tries"] < len(BACKOFF),
        }

    # -- what became of it -----------------------------------------------------------------------

    def _answered(self, key: str, answer: Answer, now: float) -> None:
        self._looked = (None, None)
        if key in self._under_way:
            self._dropped(self._under_way[key], answer)
            del self._under_way[key]
            return
        row = self.books.checkpoints.get(key)
        if row is None:
            return
        brought = answer.get("brought") if isinstance(answer, dict) else None
        if isinstance(brought, dict) and brought.keys() == set(BRINGS):
            try:
                self._taken(row, brought, now)
                return
            except (ValueError, TypeError, ArithmeticError) as problem:
                answer = {"problem": f"what was read cannot be kept: {problem}", "for_good": True}
        why = str(answer) if isinstance(answer, ChildError) else str(answer.get("problem"))
        for_good = isinstance(answer, dict) and bool(answer.get("for_good"))
        log.warning("checkpoint %s of %s: %s", key, row["directory"], why)
        if self.books.checkpoints.failed(key, now, why, for_good):
            self.books.events.note(now, row["session"], FAILED, f"{key}: {why}")
            self._drops.append(_Drop(row["directory"], "", (key,), forget=False))

    def _taken(self, row: Row, brought: Mapping[str, Any], now: float) -> None:
        with around("checkpoint-taken"), self.books.db.writing(durable=True):
            self.books.checkpoints.taken(row["id"], now, brought)
            words = ", ".join(json.loads(row["reasons"]))
            note = f": {brought['problem']}" if brought["problem"] else ""
            self.books.events.note(now, row["session"], EVENT, f"{row['id']} ({words}){note}")

    def _dropped(self, drop: _Drop, answer: Answer) -> None:
        if isinstance(answer, ChildError) or answer.get("problem"):
            why = answer if isinstance(answer, ChildError) else answer["problem"]
            log.warning("checkpoints in %s could not be dropped: %s", drop.directory, why)
        elif drop.forget:
            self.books.checkpoints.drop(drop.ids)

    def close(self) -> None:
        """What is under way is broken off; the next supervisor begins it anew."""
        self.children.close()
        self.finder.close()


@dataclass(frozen=True, slots=True)
class _Drop:
    """What git keeps under ``ids`` goes; then, with ``forget``, what we know. ``repository`` is
    empty when it is not known; ``needed``: where it is not there, nothing is forgotten."""

    directory: str
    repository: str
    ids: tuple[str, ...]
    forget: bool = True
    needed: bool = False

    def order(self, home: str) -> dict[str, Any]:
        """To the child."""
        place = {"directory": self.directory, "repository": self.repository, "home": home}
        return {"do": "drop", "ids": self.ids, "needed": self.needed, **place}


def children(
    environment: Mapping[str, str], scratch: Path, wake: Callable[[], None]
) -> tuple[Children, Children]:
    """Those who take them, and the one who finds what is due.

    ``scratch``: where they have what they need only meanwhile; what a crash has left there goes.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    private_directory(scratch)
    own = {**environment, "TMPDIR": str(scratch)}
    return Children(TAKES, own, AT_ONCE, wake), Children(FINDS, own, 1, wake)
