"""A home with any number of sessions that look alive, without Claude Code.

Each one is a tmux window, opened and marked by the product's own door, that shows a recorded
screen; a file in Claude Code's registry; a transcript; and a row in the database. So a look at it
reads everything that a look at a real session at its prompt reads.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.api.home import Home
from tmuxclaude import app
from tmuxclaude.core.model import Launch, Pane, Session, State
from tmuxclaude.demo import files
from tmuxclaude.edges.processes import identify
from tmuxclaude.edges.tmux import Tmux
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.loop import Loop

SCREEN = Path(__file__).parents[1] / "screens" / "api-idle-fresh-120x40.ansi.txt"
LOOKS_LIKE_CLAUDE = ["/bin/sh", "-c", 'cat "$0"; exec sleep 1000000', str(SCREEN)]

TURNS = 40
"""How many turns each transcript holds: about 100 KB."""


class Town:
    """``grow`` adds sessions; ``supervised`` joins the product's supervisor over them."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.socket = str(root / "tmux")
        self.tmux = Tmux(self.socket)
        self.panes: list[str] = []

    def grow(self, to: int) -> None:
        """Adds sessions until there are so many."""
        self.home.paths.ensure()
        with closing(open_for_writing(self.home.paths.database)) as database:
            books = Books(database)
            for number in range(len(self.panes), to):
                session = self._session(f"s{number}")
                books.sessions.add(session)
                books.sessions.link(session.uid, session.conversation or "", session.since, "start")

    def supervised(self, watch: Callable[[Loop], None]) -> None:
        """Joins the supervisor as ``app`` does, and lets ``watch`` turn its loop."""
        run = Loop.run
        setattr(Loop, "run", lambda loop, _serve: watch(loop))  # noqa: B010
        try:
            app.supervise(self.home.paths)
        finally:
            setattr(Loop, "run", run)  # noqa: B010

    def close(self) -> None:
        """Ends the supervisor and the tmux server."""
        self.home.env["TMUX_TMPDIR"] = str(self.home.root)
        self.home.clean()
        os.spawnlp(os.P_WAIT, "tmux", "tmux", "-S", self.socket, "kill-server")

    def _session(self, name: str) -> Session:
        directory = self.home.root / "work" / name
        directory.mkdir(parents=True)
        pane = self.tmux.open_window(
            tmux_session="claude",
            create=True,
            name=name,
            directory=str(directory),
            environment=[],
            argv=LOOKS_LIKE_CLAUDE,
            nonce=secrets.token_hex(16),
        ).pane
        self.panes.append(pane.pane_id)
        conversation, now = files.new_id(), time.time()
        self._transcript(directory, conversation)
        self._registry(pane, directory, conversation, name)
        return Session(
            uid=secrets.token_hex(16),
            name=name,
            directory=str(directory),
            account=str(self.home.root / ".claude"),
            launch=Launch((LOOKS_LIKE_CLAUDE[0],)),
            state=State.STARTING,
            since=now,
            created_at=now,
            conversation=conversation,
            tmux_session="claude",
            socket=self.socket,
            pane=pane,
            process=identify(pane.pane_pid),
        )

    def _transcript(self, directory: Path, conversation: str) -> None:
        config = str(self.home.root / ".claude")
        transcript = files.Transcript(config, str(directory), conversation, absent=False)
        for number in range(TURNS):
            transcript.write("user", text=f"task {number}", prompt_id=files.new_id())
            transcript.write("assistant", text="It is done, and its tests are green. " * 20)
            transcript.write("turn_duration", milliseconds=61_000)

    def _registry(self, pane: Pane, directory: Path, conversation: str, name: str) -> None:
        process = identify(pane.pane_pid)
        assert process is not None
        now = int(time.time() * 1000)
        entry = files.fill(
            files.templates("registry"),
            {
                "pid": process.pid,
                "proc_start": process.started,
                "conversation": conversation,
                "cwd": str(directory),
                "tmux": f"claude:@1.{pane.pane_id}",
                "name": name,
                "name_source": "user",
                "status": "idle",
                "started_ms": now,
                "now_ms": now,
            },
        )
        path = self.home.root / ".claude" / "sessions" / f"{process.pid}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json.dumps(entry).encode())
