"""One session of a house, as its user, its transcript and the database see it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from tests.waiting import never, until
from tmuxclaude.api import wire
from tmuxclaude.store import reader, remembered

if TYPE_CHECKING:
    from tests.conftest import PrivateServer
    from tests.supervisor.house import House

Json = dict[str, Any]
NBSP = "\u00a0"
MENU = "What do you want to do?"


class Seat:
    """One session, as its user, its transcript and the database see it."""

    def __init__(
        self, house: House, opened: wire.Opened, server: PrivateServer | None = None
    ) -> None:
        self.house = house
        self.server = server or house.server
        self.name = opened.name
        self.uid = opened.uid
        self.pane = opened.pane
        self.conversation = opened.conversation or ""
        self.attempt = opened.attempt

    # -- what is remembered ----------------------------------------------------------------------

    def row(self) -> Json:
        return self._read(lambda db: reader.rows(db, True), reader.SESSION_COLUMNS, uid=self.uid)[0]

    @property
    def state(self) -> str:
        return str(self.row()["state"])

    def why(self) -> str:
        """What ``list`` says it waits for."""
        return str(self.row()["outlook_why"])

    def halts(self) -> list[Json]:
        return self._read(lambda db: remembered.halts(db, self.uid), remembered.HALT_COLUMNS)

    def attempts(self) -> list[Json]:
        return self._read(lambda db: remembered.attempts(db, self.uid), remembered.ATTEMPT_COLUMNS)

    def steps(self) -> list[str]:
        """The steps of all attempts in order, each once while it lasts."""
        names = [row["step"] for row in self.history()]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    def started_at(self) -> list[float]:
        """When each relaunch was begun, by the supervisor's clock."""
        return [row["at"] for row in self.history() if row["note"] == "starting it again"]

    def history(self) -> list[Json]:
        """Every line of the journal of its attempts."""
        return self._read(lambda db: remembered.steps(db, self.uid), remembered.STEP_COLUMNS)

    def chain(self) -> list[Json]:
        return self._read(lambda db: remembered.chain(db, self.uid), remembered.CHAIN_COLUMNS)

    def events(self) -> list[tuple[str, str]]:
        rows = self._read(lambda db: remembered.events(db, self.uid, 100), remembered.EVENT_COLUMNS)
        return [(row["kind"], row["text"]) for row in rows]

    def _read(
        self, ask: Callable[[Any], list[tuple[object, ...]]], columns: tuple[str, ...], **only: str
    ) -> list[Json]:
        connection = reader.open(self.house.paths.database)
        assert connection is not None
        with closing(connection):
            found = [dict(zip(columns, row, strict=True)) for row in ask(connection)]
        return [row for row in found if all(row[key] == value for key, value in only.items())]

    # -- what Claude Code got --------------------------------------------------------------------

    def log(self, event: str | None = None) -> list[Json]:
        file = self.house.home / f"{self.name}.log"
        text = file.read_text() if file.exists() else ""
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if event is None or line.get("event") == event]

    def turns(self) -> list[str]:
        """Every text that became a turn, but for Claude Code's own continue."""
        return [line["text"] for line in self.log("submit") if not line["own"]]

    def keys(self) -> str:
        """Everything that was ever written to its terminal."""
        return "".join(line["bytes"] for line in self.log() if "bytes" in line)

    def prompts(self) -> list[str]:
        """The typed prompts in all transcripts of this home, oldest first by file."""
        found = []
        for path in sorted((self.house.home / ".claude" / "projects").glob("*/*.jsonl")):
            for line in path.read_text().splitlines():
                record = json.loads(line)
                origin = record.get("origin")
                if record["type"] == "user" and origin and origin["kind"] == "human":
                    found.append(record["message"]["content"])
        return found

    # -- its pane --------------------------------------------------------------------------------

    def screen(self) -> str:
        return self.server.say("capture-pane", "-p", "-t", self.pane)

    def show(self, what: str) -> str:
        return self.server.say("display-message", "-p", "-t", self.pane, what).strip()

    def panes(self) -> list[str]:
        """The ids of all panes of the server."""
        return self.server.say("list-panes", "-a", "-F", "#{pane_id}").split()

    def shows(self, text: str) -> Seat:
        until(lambda: text in self.screen(), what=self.story)
        return self

    def press(self, *keys: str) -> None:
        self.server.say("send-keys", "-t", self.pane, *keys)

    def type(self, text: str) -> None:
        self.server.say("send-keys", "-t", self.pane, "-l", text)
        self.shows(text)

    def say(self, text: str) -> None:
        """As a person: text, and Enter when it is there."""
        self.type(text)
        self.press("Enter")

    def close_menu(self) -> None:
        self.shows(MENU)
        self.press("Escape")
        self.shows(f"❯{NBSP}")

    def pid(self) -> int:
        return int(self.show("#{pane_pid}"))

    def kill(self, number: int = signal.SIGKILL) -> None:
        """A signal to the process of the pane."""
        os.kill(self.pid(), number)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """A person who looks at this pane from a terminal."""
        self.server.say("select-window", "-t", self.pane)
        leader, follower = pty.openpty()
        call = ["tmux", "-S", self.server.socket, "attach-session", "-t", "user"]
        env = self.house.env() | {"TERM": "xterm"}
        client = subprocess.Popen(call, stdin=follower, stdout=follower, stderr=follower, env=env)
        os.close(follower)
        try:
            until(lambda: self.server.say("list-clients"), what="a client")
            yield
        finally:
            client.kill()
            client.wait()
            os.close(leader)

    # -- waiting ---------------------------------------------------------------------------------

    def idle(self) -> Seat:
        """At its prompt, and known to be."""
        until(lambda: f"❯{NBSP}" in self.screen(), what=self.story)
        return self.is_("idle")

    def is_(self, state: str) -> Seat:
        until(lambda: self.state == state, lambda: f"{state}: {self.story()}")
        return self

    def has_turns(self, *texts: str, by_screen: bool = False) -> Seat:
        """These turns, and after them, over several rounds, no other.

        ``by_screen``: the screen is the only witness that it is idle again.
        """
        until(lambda: len(self.turns()) >= len(texts), what=self.story)
        if by_screen:
            self.house.until_swept(lambda: self.state == "idle", self.story)
        self.idle()
        self.never(lambda: self.turns() != list(texts))
        return self

    def never(self, condition: Callable[[], object], seconds: float = 0.8) -> None:
        """It does not become true over several rounds of the supervisor."""
        never(condition, seconds, self.story)

    def waits_because(self, words: str) -> Seat:
        until(lambda: words in self.why(), what=lambda: f"why {words!r}: {self.story()}")
        return self

    def awaits(self, actor: str) -> Seat:
        """Who comes next is known: you, claude, tmuxclaude or nobody."""
        until(lambda: self.row()["outlook_actor"] == actor, lambda: f"{actor}: {self.story()}")
        return self

    def story(self) -> str:
        """Everything there is to know, for a test that fails."""
        try:
            screen = self.screen()
        except AssertionError as gone:
            screen = str(gone)
        said = [str(self.row()), str(self.halts()), str(self.attempts()), *map(str, self.events())]
        return "\n".join([*said, str(self.turns()), screen, self.house.log()[-4000:]])
