"""Any interleaving of sends, limits, drafts and crashes: each message once, in order, or reported.

The decision, the law and the store are the real ones; Claude Code's prompt is a model of a few
lines, so that thousands of worlds can be looked at.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.store.values import SESSION
from tmuxclaude.core.evidence import (
    Ending,
    Evidence,
    Life,
    PaneFacts,
    RegistryFacts,
    Status,
    Tail,
    UserTurn,
)
from tmuxclaude.core.messages import Message, Stage
from tmuxclaude.core.model import (
    Box,
    Launch,
    Limit,
    LimitKind,
    Look,
    Outlook,
    Reading,
    Source,
    State,
    Step,
    Want,
)
from tmuxclaude.core.rules import DEFAULT_TEXT, ResumeRules
from tmuxclaude.edges import tmux
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.migrations import bring_up_to_date
from tmuxclaude.supervisor.act import Hands
from tmuxclaude.supervisor.decide import decide
from tmuxclaude.supervisor.deliver import Deliveries

NOW = 1_791_000_000.0
RULES = replace(
    *(ResumeRules(),),
    margin_seconds=0,
    jitter_seconds=0,
    stagger_seconds=0,
    human_quiet_seconds=0,
    native_grace_seconds=0,
    max_attempts=100,
    backoff_minutes=(0.1,),
)
IDLE = replace(
    SESSION,
    directory="/",
    launch=Launch(("claude",)),
    state=State.IDLE,
    since=NOW,
    want=Want.UP,
    opened_by_us=True,
    rebuilt_at=None,
    outlook=Outlook(),
    recorded=True,
)


class Killed(BaseException):
    """kill -9 of the supervisor."""


@dataclass
class Claude:
    """The prompt, the turns and the limits of one Claude Code, and the tmux that reaches it.

    ``dies``: at which of the coming deeds, and on which side of it, the supervisor is killed.
    """

    box: str = ""
    turns: list[UserTurn] = field(default_factory=list)
    ending: Ending = Ending.NOTHING
    limit: Limit | None = None
    limits: int = 0
    busy: bool = False
    dies: str = ""

    def type_text(self, _pane: object, text: str, **_: object) -> tmux.Outcome:
        return self._deed("type", lambda: self._typed(text))

    def press_enter(self, _pane: object, **_: object) -> tmux.Outcome:
        return self._deed("enter", self.submit)

    def _deed(self, name: str, do: Any) -> tmux.Outcome:
        dies, self.dies = self.dies, "" if self.dies.startswith(name) else self.dies
        if dies == f"{name}-before":
            raise Killed
        done: tmux.Outcome = do()
        if dies == f"{name}-after":
            raise Killed
        return done

    def _typed(self, text: str) -> tmux.Outcome:
        if self.box:
            return tmux.Refused(tmux.Obstacle.NOT_EMPTY)
        self.box = text
        return tmux.Sent()

    def submit(self) -> tmux.Outcome:
        if self.box and not self.busy:
            self.turns.append(UserTurn(self.box, NOW, self.size))
            self.box, self.busy = "", True
            self.ending, self.limit = Ending.PROMPTED, None
        return tmux.Sent()

    def finish(self, now: float) -> None:
        if not self.busy:
            return
        self.busy, self.ending = False, Ending.DONE
        if self.limits:
            self.limits -= 1
            words = "You've hit your 5-hour limit"
            self.ending = Ending.ERROR
            self.limit = Limit(LimitKind.FIVE_HOUR, words, Source.TRANSCRIPT, now, now + 5)

    @property
    def size(self) -> int:
        return 100 * len(self.turns)

    def evidence(self, now: float) -> Evidence:
        box = Box.DRAFT if self.box else Box.EMPTY
        return Evidence(
            at=now,
            life=Life.ALIVE,
            pane=PaneFacts(unread=0),
            registry=RegistryFacts("c1", Status.BUSY if self.busy else Status.IDLE),
            tail=Tail(
                ending=self.ending,
                limit=self.limit,
                record=f"r{len(self.turns)}" if self.limit else "",
                turns=tuple(self.turns),
                prompts=len(self.turns),
                conversation="c1",
                last_at=now,
                size=self.size,
            ),
            reading=Reading(Look.WORK if self.busy else Look.IDLE, box, draft=self.box),
        )


class World:
    """One session, its Claude Code and a supervisor that can be killed at any instant."""

    def __init__(self, path: Path) -> None:
        self.path, self.now, self.claude = path, NOW, Claude()
        self.asked: list[str] = []
        self.dropped: list[str] = []
        self.left: list[Message] = []
        self._begin()
        self.books.sessions.add(IDLE)

    def _begin(self) -> None:
        self.books = Books(open_for_writing(self.path))
        door = cast("tmux.Tmux", self.claude)
        hands = Hands(self.books, lambda _: door, cast("Any", None), lambda: self.now)
        self.deliveries = Deliveries(self.books, hands, RULES)

    def crash(self) -> None:
        self.books.db.close()
        self._begin()

    def send(self) -> None:
        self.asked.append(f"message {len(self.asked):03}")
        self.books.messages.add(IDLE.uid, self.asked[-1], self.now)

    def drop(self) -> None:
        """Its user gives up the message that is in doubt."""
        first = self.books.messages.first(IDLE.uid)
        if first is not None and first.stage is Stage.IN_DOUBT:
            self.books.messages.drop(first, self.now)
            self.dropped.append(first.text)

    def look(self) -> None:
        self.now += 1.0
        try:
            session = self.books.sessions.get(IDLE.uid)
            assert session is not None
            evidence = self.claude.evidence(self.now)
            decided = decide(self.books, session, evidence, RULES)
            self.deliveries.advance(decided, evidence, {}, "")
        except Killed:
            self.crash()

    def type(self) -> None:
        """Until a text of ours stands in the prompt, if one can."""
        for _ in range(12):
            if self.claude.box:
                return
            self.look()

    def do(self, action: str) -> None:
        match action:
            case "send" | "look" | "crash" | "type":
                getattr(self, action)()
            case "finish":
                self.claude.finish(self.now)
            case "limit":
                self.claude.limits += 1
            case "draft":
                self.claude.box += "a thought of mine"
            case "clear":
                self.claude.box = ""
            case "enter":
                self.claude.submit()
            case "drop":
                self.drop()
            case _:
                self.claude.dies = action

    def drain(self) -> None:
        """Nothing hinders it any more: until no message waits, or its user is asked."""
        self.claude.dies = ""
        for _ in range(80 + 40 * len(self.asked)):
            self.claude.finish(self.now)
            self.look()
            if self.claude.box.endswith("a thought of mine") and self.waits_for_its_user():
                self.claude.box = ""
        self.claude.limits = 0

    def waits_for_its_user(self) -> bool:
        attempt = self.books.halts.latest_attempt(IDLE.uid)
        return attempt is None or not attempt.open or attempt.step is Step.DUE

    def arrived(self) -> list[str]:
        ours = (turn.text for turn in self.claude.turns)
        return [text for text in ours if text != DEFAULT_TEXT]


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    bring_up_to_date(path)
    return path


KILLS = ("type-before", "type-after", "enter-before", "enter-after")
BUSY = ("type", "draft", "draft", "enter", "clear", "drop")
"""What a user does at the same prompt."""
QUIET = ("send", "look", "look", "look", "finish", "limit", "crash", *KILLS)


def played(blank: Path, actions: list[str]) -> World:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(shutil.copyfile(blank, Path(folder) / "tmuxclaude.db")))
        for action in actions:
            world.do(action)
        world.drain()
        world.left = world.books.messages.waiting(IDLE.uid)
        world.books.db.close()
        return world


every = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@every
@given(actions=st.lists(st.sampled_from(QUIET), max_size=40))
def test_alone_every_message_arrives_exactly_once_and_in_order(
    blank: Path, actions: list[str]
) -> None:
    world = played(blank, ["send", *actions])
    assert (world.arrived(), world.left) == (world.asked, [])


@every
@given(actions=st.lists(st.sampled_from((*QUIET, *BUSY)), max_size=40))
@example(actions=["type", "draft", "enter", "finish", "look"])  # a thought behind our text
@example(actions=["type", "clear", "look", "send"])  # our text taken away before Enter
@example(actions=["type", "crash", "draft", "enter", "finish", "send", "type", "clear"])
def test_beside_a_user_who_writes_too_it_arrives_once_or_is_reported(
    blank: Path, actions: list[str]
) -> None:
    world = played(blank, ["send", *actions])
    sent = [text for text in world.arrived() if text in world.asked]
    assert sent == sorted(set(sent))
    said = " ".join(turn.text for turn in world.claude.turns)
    assert all(said.count(text) <= 1 for text in world.asked)
    reported = {*world.dropped, *(message.text for message in world.left)}
    assert set(world.asked) - set(sent) <= reported
    assert not world.left or world.left[0].stage is Stage.IN_DOUBT
