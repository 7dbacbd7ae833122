"""Sessions that live for days, with a clock that is set by hand: real rules, a real database, real
processes; no tmux.

What the whole product makes of it is told in ``test_lifetimes`` and ``test_resources``.
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import tempfile
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Flag

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.edges.test_usage import CHILD, running
from tests.store.values import SESSION
from tests.supervisor.hands import NOW, Hands
from tmuxclaude.core import notices, resources
from tmuxclaude.core.evidence import Evidence, Life, PaneFacts
from tmuxclaude.core.lifetimes import GRACE_SECONDS, HOUR, MINUTE
from tmuxclaude.core.model import Box, Look, Outlook, Process, Reading, Session, State, Topic, Want
from tmuxclaude.core.resources import MB, Figures, Use
from tmuxclaude.core.rules import BudgetRules, LifetimeRules, ResumeRules, Rules
from tmuxclaude.edges.children import Children
from tmuxclaude.edges.processes import identify
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.migrations import bring_up_to_date
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.health import DEAF_SECONDS, Health
from tmuxclaude.supervisor.lifetimes import Lifetimes
from tmuxclaude.supervisor.parting import LOOK_SECONDS, Parting
from tmuxclaude.supervisor.resources import Resources
from tmuxclaude.supervisor.unsaved import Unsaved

IDLE = replace(SESSION, state=State.IDLE, since=NOW, want=Want.UP, outlook=Outlook(), reason="")


@contextmanager
def kept(session: Session) -> Iterator[Books]:
    """A database that knows this session."""
    folder = tempfile.mkdtemp()
    path = Path(folder) / "tmuxclaude.db"
    bring_up_to_date(path)
    database = open_for_writing(path)
    try:
        books = Books(database)
        books.sessions.add(session)
        yield books
    finally:
        database.close()
        shutil.rmtree(folder)


def told(books: Books, *kinds: str) -> list[tuple[float, str]]:
    """When what was told of the session, oldest first."""
    events = [event for event in books.events.take_untold() if event.session == IDLE.uid]
    return [(event.at, event.text) for event in events if event.kind in kinds]


# -- lifetimes -------------------------------------------------------------------------------------


@dataclass
class Life24:
    """One idle session, what its user does, and what was told of it since: ``untouched``."""

    books: Books
    clock: Hands = field(default_factory=Hands)
    draft: bool = False
    active_at: float = NOW
    extended_to: float = 0.0
    untouched: list[str] = field(default_factory=list)
    warned_at: float | None = None
    touched: bool = False

    def __post_init__(self) -> None:
        self.restart()

    # What a supervisor needs of its surroundings.

    def terminate(self, _: Session) -> bool:
        now = self.clock.now()
        assert now >= max(self.active_at + 24 * HOUR, self.extended_to)
        assert self.warned_at is not None
        assert now >= self.warned_at + GRACE_SECONDS
        assert not self.draft
        return True

    def touch(self, _: str) -> None:
        self.touched = True

    def restart(self) -> None:
        self.parting = Parting(self.books, self, self.clock, self.touch, 60)
        self.lifetimes = Lifetimes(self.books, LifetimeRules(), self.clock, self.parting)

    def session(self) -> Session:
        found = self.books.sessions.get(IDLE.uid)
        assert found is not None
        return found

    # What may happen to it.

    def passes(self, minutes: float) -> None:
        self.clock.passed += minutes * MINUTE

    def prompt(self) -> None:
        self.active_at, self.warned_at, self.draft = self.clock.now(), None, False
        self.untouched = []
        self.books.activity.note(IDLE.uid, "c1", 1, self.active_at)

    def extend(self, hours: float) -> None:
        self.extended_to = max(self.extended_to, self.clock.now() + hours * HOUR)
        self.books.lifetimes.extend(IDLE.uid, self.extended_to)
        self.untouched = [text for text in self.untouched if text.startswith("idle for")]

    def want(self, want: Want) -> None:
        self.books.sessions.save(replace(self.session(), want=want))
        self.untouched = []

    def look(self) -> None:
        """A few rounds of the loop, and what has to hold at each moment."""
        for _ in range(3):
            self.clock.passed += LOOK_SECONDS / 10
            pane = PaneFacts(unread=0) if self.touched else None
            box = Box.DRAFT if self.draft else Box.EMPTY
            seen = Evidence(
                *(self.clock.now(), Life.ALIVE), pane=pane, reading=Reading(Look.IDLE, box)
            )
            known, self.touched = [Decided(self.session(), None, None)], False
            self.parting.turn(known, {IDLE.uid: seen})
            self.lifetimes.turn(known, {IDLE.uid: seen})
            for at, text in told(self.books, "lifetime"):
                self.untouched.append(text)
                self.warned_at = at if "to keep it" in text else self.warned_at
        assert len([one for one in self.untouched if one.startswith("idle for")]) <= 1
        assert len([one for one in self.untouched if "to keep it" in one]) <= 1

    @property
    def ended(self) -> bool:
        return self.session().want is Want.DOWN


STEPS = st.one_of(
    st.tuples(st.just("passes"), st.sampled_from([1, 50, 70, 300, 1190, 1210, 1430, 3000])),
    st.tuples(st.just("extend"), st.sampled_from([1, 12, 30])),
    st.tuples(st.sampled_from(["prompt", "draft", "hold", "release", "restart"]), st.none()),
)


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(steps=st.lists(STEPS, max_size=12))
@example(steps=[("extend", 30), ("passes", 1210), ("passes", 300)])
def test_whatever_its_user_does_it_is_told_once_and_ended_only_when_nothing_is_lost(
    steps: list[tuple[str, float | None]],
) -> None:
    with kept(IDLE) as books:
        life = Life24(books)
        for step, much in steps:
            match step:
                case "passes" | "extend":
                    getattr(life, step)(much)
                case "draft":
                    life.draft = True
                case "hold" | "release":
                    life.want(Want.HOLD if step == "hold" else Want.UP)
                case _:
                    getattr(life, step)()
            life.look()
            if life.ended:
                return
        life.draft = False
        life.want(Want.UP)
        for minutes in (60 * 60, GRACE_SECONDS / MINUTE, 1):
            life.passes(minutes)
            life.look()
        assert life.ended


# -- health ----------------------------------------------------------------------------------------


def unsaved(books: Books, clock: Hands) -> Unsaved:
    """What asks nobody: nothing was said in these sessions."""
    child = Children("nobody", {}, 1, lambda: None)
    return Unsaved(books, Rules(), clock, lambda _: "", child, "/")


@dataclass
class Watch:
    """The health of one session whose process is real; nothing is ever known from tmux."""

    books: Books
    rules: Rules
    clock: Hands = field(default_factory=Hands)
    looked: Flag = field(default_factory=Flag)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        parting = Parting(self.books, Life24(self.books), self.clock, lambda _: None, 60)
        work = unsaved(self.books, self.clock)
        budget = Resources(self.books, self.rules.budget, self.clock, parting, work)
        self.health = Health(self.books, self.rules, self.clock, self.looked.set, budget)

    def look(self, *kinds: str) -> list[str]:
        """What is told after one more look."""
        self.looked.clear()
        self.clock.passed += self.rules.supervisor.health_seconds
        self.health.turn((), {})
        assert self.looked.wait(20)
        self.health.turn((), {})
        return [text for _, text in told(self.books, *kinds)]


@contextmanager
def watched(process: Process, **budget: int) -> Iterator[Watch]:
    nothing = {"session_memory_mb": 0, "memory_mb": 0, "cpu_percent": 0}
    rules = Rules(budget=replace(BudgetRules(), **(nothing | budget)))  # type: ignore[arg-type]
    with kept(replace(IDLE, process=process)) as books:
        watch = Watch(books, rules)
        try:
            yield watch
        finally:
            watch.health.close()


def test_a_breach_is_said_once_though_tmux_says_nothing_after_a_restart() -> None:
    with running(CHILD) as (process, _), watched(process, session_memory_mb=30) as watch:
        [words] = watch.look("over budget", "within budget")
        assert words.startswith("it takes ")
        watch.restart()
        assert watch.look("over budget", "within budget") == []


def becomes(process: Process, number: int, what: int) -> None:
    """What a signal makes of a child, which is not collected."""
    os.kill(process.pid, number)
    os.waitid(os.P_PID, process.pid, what | os.WNOWAIT)


def test_a_process_that_does_nothing_is_told_of_once_and_when_it_is_well_again() -> None:
    with running(CHILD) as (process, _), watched(process) as watch:
        assert watch.health.figures == Figures()
        assert watch.look("unwell", "well again") == []
        [well] = watch.health.figures.uses
        assert (well.uid, well.cpu, well.trouble) == (IDLE.uid, None, "")
        assert well.memory is not None
        assert 60 * MB < well.memory < 120 * MB
        becomes(process, signal.SIGSTOP, os.WSTOPPED)
        [words] = watch.look("unwell")
        assert watch.health.figures.at == watch.clock.now()
        assert [one.trouble for one in watch.health.figures.uses] == ["stopped"]
        assert f"kill -CONT {process.pid}" in words
        watch.restart()
        assert watch.look("unwell", "well again") == []
        becomes(process, signal.SIGCONT, os.WCONTINUED)
        assert watch.look("unwell", "well again") == ["it is not stopped any more"]
        becomes(process, signal.SIGKILL, os.WEXITED)
        [words] = watch.look("unwell")
        assert "its parent does not collect it" in words
        [dead] = watch.health.figures.uses
        assert (dead.memory, dead.trouble) == (None, "zombie")


def test_a_process_that_reads_no_keys_is_told_of_after_a_while() -> None:
    leader, follower = pty.openpty()
    tty.setraw(follower)
    with subprocess.Popen(["sleep", "1000"], stdin=follower) as sleeper:
        process = identify(sleeper.pid)
        assert process is not None
        try:
            with watched(process) as watch:
                os.write(leader, b"abc")
                assert watch.look("unwell") == []
                watch.clock.passed += DEAF_SECONDS
                [words] = watch.look("unwell")
                assert "it has read nothing" in words
                watch.restart()
                assert watch.look("unwell", "well again") == []
                assert os.read(follower, 3) == b"abc"
                assert watch.look("unwell", "well again") == ["it is not unresponsive any more"]
        finally:
            sleeper.kill()
            os.close(leader)
            os.close(follower)


# -- budgets ---------------------------------------------------------------------------------------


@dataclass
class Ender:
    """Ends whom it is asked to."""

    ended: list[str] = field(default_factory=list)

    def terminate(self, session: Session) -> bool:
        self.ended.append(session.uid)
        return True


def test_after_each_stop_it_is_measured_anew() -> None:
    names, ender = ["first", "second", "third"], Ender()
    clock = Hands(passed=resources.GRACE_SECONDS)
    rules = replace(BudgetRules(), memory_mb=100, over_memory="stop")
    idle = [replace(IDLE, uid=one, name=one, pane=None, recorded=False) for one in names]
    uses = [Use(one, one, IDLE.account, 80 * MB) for one in names]
    look = Evidence(
        clock.now(),
        Life.ALIVE,
        pane=PaneFacts(unread=0),
        reading=Reading(Look.IDLE, Box.EMPTY),
    )
    with kept(IDLE) as books:
        for one in idle:
            books.sessions.add(one)
        parting = Parting(books, ender, clock, lambda _: None, 60)
        budget = Resources(books, rules, clock, parting, unsaved(books, clock))
        for stopped in (["first"], ["first", "second"], ["first", "second"]):
            living = [one for one in idle if one.uid not in ender.ended]
            budget.judge([use for use in uses if use.uid in {one.uid for one in living}])
            for _ in range(3):
                known = [Decided(one, None, None) for one in idle if one.uid not in ender.ended]
                parting.turn(known, {})
                budget.enforce(known, dict.fromkeys(names, look))
            assert ender.ended == stopped


@pytest.mark.parametrize(
    ("kind", "topic"),
    [("unwell", Topic.HEALTH), ("over budget", Topic.BUDGET), ("lifetime", Topic.LIFETIME)],
)
def test_each_of_it_is_news_but_that_it_is_over(kind: str, topic: Topic) -> None:
    past = notices.Past(IDLE, None, None)
    with kept(IDLE) as books:
        for one in (kind, "well again", "within budget", "extended", "kept"):
            books.events.note(NOW, IDLE.uid, one, "what it is about")
        news = [notices.news(event, past, ResumeRules()) for event in books.events.take_untold()]
    assert [one.topic for one in news if one is not None] == [topic]
