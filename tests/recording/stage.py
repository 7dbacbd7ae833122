"""One session of the real Claude Code on a stage of its own, and the files that a take of it makes.

It knows how to record, in the form of ``tests/screens`` and ``tests/payloads``. Which states there
are is for ``states``, what the takes say is for ``findings``.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.api import Api
from tests.end_to_end.home import Home
from tests.end_to_end.terminal import NBSP, Server, Session, sweep
from tests.waiting import PATIENCE, until
from tmuxclaude.claude import hooks

HOME = "/home/me"
"""What stands in a recording for the directory of the home."""

FACTS = (
    "cmd=#{pane_current_command} title=#{pane_title} alt=#{alternate_on}"
    " cursor=#{cursor_x},#{cursor_y} cursor_flag=#{cursor_flag} dead=#{pane_dead}"
    " dead_status=#{pane_dead_status} mode=#{pane_in_mode} mouse=#{mouse_any_flag}"
    " size=#{pane_width}x#{pane_height}"
)


@dataclass(frozen=True)
class Take:
    """One recorded moment. ``resets_at``: the reset that the API told last; 0 for none."""

    name: str
    screen: str
    dead: bool
    registry: str
    transcript: list[dict[str, Any]]
    hooks: list[str]
    resets_at: float


class Stage:
    """The API, the home, the tmux server and one Claude Code; ``takes`` are written to ``out``."""

    def __init__(self, out: Path, size: str, arguments: tuple[str, ...], **home: Any) -> None:
        self._out, self._size = out, size
        self._box = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp")).resolve()
        self.resets_at = 0.0
        self.takes: list[Take] = []
        self.api = Api()
        self.api.start()
        trusted = home.pop("trusted", True)
        self.home = Home(self._box / "home", self.api.url, **home)
        self.server = Server(self._box / "tmux", self.home)
        self.server.start()
        self.server.tmux("set", "-g", "default-size", size)
        self.server.tmux("set", "-g", "remain-on-exit", "on")
        project = self.home.project(trusted=trusted)
        self.session = self.server.claude(*self._hooked(), *arguments, cwd=project)

    def close(self) -> None:
        self.server.stop()
        self.api.stop()
        sweep(self.home)
        shutil.rmtree(self._box, ignore_errors=True)

    # What a player does

    def idle(self) -> None:
        """Until Claude Code is at its prompt."""
        self.session.wait_until("idle")
        self.shows(f"❯{NBSP}")

    def ask(self, text: str) -> None:
        self.session.ask(text)

    def shows(self, text: str, timeout: float = PATIENCE) -> None:
        self.session.pane.wait_for(text, timeout)

    def press(self, *keys: str) -> None:
        self.session.pane.press(*keys)

    def again(self) -> None:
        """Start the conversation anew, as after a crash."""
        known = self.session.conversation
        resumed = self.server.claude(*self._hooked(), "--resume", known, conversation=known)
        self.session = Session(resumed.pane, self.home, known)
        pid = resumed.pane.pid  # the dead one's registry file is still there
        until(lambda: self.home.session(known).get("pid") == pid, "its registry file")

    def status(self, word: str) -> None:
        self.session.wait_until(word)

    def take(self, name: str, still: bool = True) -> None:
        """Record this moment; with ``still`` not before the screen stands still."""
        pane = self.session.pane
        if still:
            self._stand_still()
        joined = ["capture-pane", "-p", "-e", "-J", "-t", pane.id]
        coloured, plain = self.server.tmux(*joined), pane.screen()
        facts = pane.show(FACTS)
        entry = self.home.session(self.session.conversation)
        found = Take(
            name=f"{name}-{self._size}",
            screen=self._scrub(coloured),
            dead=" dead=1 " in facts,
            registry=self._scrub(json.dumps(entry)) if entry else "",
            transcript=json.loads(
                self._scrub(json.dumps(self.home.transcript(self.session.conversation)))
            ),
            hooks=[self._scrub(path.read_text()) for path in self._dropped()],
            resets_at=self.resets_at,
        )
        self.takes.append(found)
        self._write(found, self._scrub(plain), self._scrub(facts))

    def _stand_still(self) -> None:
        """Wait for two equal looks; a spinner has none, and is recorded as it moves."""
        before = [""]

        def equal() -> bool:
            before.append(self.session.pane.screen())
            return before[-1] == before[-2]

        with contextlib.suppress(AssertionError):
            until(equal, every=0.5)

    # How it is written

    def _write(self, take: Take, plain: str, facts: str) -> None:
        def write(kind: str, text: str) -> None:
            if text:
                (self._out / f"{take.name}.{kind}").write_text(text, encoding="utf-8")

        write("txt", plain)
        write("ansi.txt", take.screen)
        write("facts.txt", facts + "\n")
        write("registry.json", take.registry)
        lines = [json.dumps(record) + "\n" for record in take.transcript]
        write("transcript.jsonl", "".join(lines))
        write("hooks.jsonl", "".join(text.strip() + "\n" for text in take.hooks))

    def _scrub(self, text: str) -> str:
        return text.replace(str(self.home.root), HOME).replace(str(self._box), "/run/me")

    def _dropped(self) -> list[Path]:
        found = (self._box / "spool").glob("*.json")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def _hooked(self) -> tuple[str, str]:
        """Our own hooks, as the product registers them."""
        spool, script = self._box / "spool", self._box / "spool.sh"
        spool.mkdir(exist_ok=True)
        script.write_text(hooks.SPOOL_SCRIPT)
        settings = hooks.settings(["/bin/sh", str(script), str(spool), "take"])
        return "--settings", json.dumps(settings)
