"""Somebody at a terminal of a real size, attached to a real tmux: presses keys, sees the screen.

The terminal is a window of another private tmux server, whose `capture-pane` reads what the client
drew, popups too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.conftest import PrivateServer
from tests.waiting import until
from tmuxclaude.core import rows
from tmuxclaude.core.symbols import UNICODE
from tmuxclaude.store.reader import SESSION_COLUMNS

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "tmuxclaude.tmux"
NARROW, WIDE = (80, 24), (200, 60)


class Desk:
    """One client. ``name`` is tmux's name of it."""

    def __init__(
        self,
        terminals: PrivateServer,
        server: PrivateServer,
        size: tuple[int, int] = NARROW,
        tmux_session: str = "user",
    ) -> None:
        self._terminals, self._server = terminals, server
        before = self._clients()
        attach = ("env", "-u", "TMUX", "TERM=xterm-256color", "tmux", "-S", server.socket)
        words = (*attach, "attach-session", "-t", tmux_session)
        asked = ("-d", "-P", "-F", "#{pane_id}", "-t", "user:")
        # A shell first, so that the size is the client's from the beginning.
        shell = ("sh", "-c", 'read -r go; exec "$@"', "sh", *words)
        self._pane = terminals.say("new-window", *asked, "--", *shell).strip()
        self._resize(*size)
        self.press("Enter")
        [self.name] = until(lambda: self._clients() - before, what="a client is attached")

    def _clients(self) -> set[str]:
        return set(self._server.say("list-clients", "-F", "#{client_name}").split())

    def _resize(self, width: int, height: int) -> None:
        size = ("-x", str(width), "-y", str(height))
        self._terminals.say("resize-window", "-t", self._pane, *size)

    def resize(self, width: int, height: int) -> Desk:
        self._resize(width, height)
        shown = ("display-message", "-p", "-c", self.name, "#{client_width} #{client_height}")
        until(lambda: self._server.say(*shown) == f"{width} {height}", what="the client's size")
        return self

    def press(self, *keys: str) -> Desk:
        self._terminals.say("send-keys", "-t", self._pane, *keys)
        return self

    def type(self, text: str) -> Desk:
        self._terminals.say("send-keys", "-t", self._pane, "-l", text)
        return self

    def screen(self, colours: bool = False) -> str:
        how = ("-e",) if colours else ()
        return self._terminals.say("capture-pane", "-p", *how, "-t", self._pane)

    def shows(self, *texts: str) -> Desk:
        until(lambda: all(text in self.screen() for text in texts), self._story(texts))
        return self

    def hides(self, *texts: str) -> Desk:
        until(lambda: not any(text in self.screen() for text in texts), self._story(texts))
        return self

    def _story(self, texts: Sequence[str]) -> Callable[[], str]:
        return lambda: f"{texts} in:\n{self.screen()}"

    def window(self) -> str:
        """The tmux session and the window that this client looks at."""
        shown = "#{client_name} #{session_name} #{window_name}"
        lines = self._server.say("list-clients", "-F", shown).splitlines()
        [found] = [line.split(" ", 1)[1] for line in lines if line.split()[0] == self.name]
        return found


def running(server: PrivateServer, word: str) -> list[psutil.Process]:
    """What runs below the tmux server with this word in its command line: `fzf`, or `pick`."""
    found = []
    for one in psutil.Process(server.process().pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [one] if any(part.endswith(word) for part in one.cmdline()) else []
    return found


def load(server: PrivateServer, **options: str) -> str:
    """Sets options of the plugin (``popup_width`` is ``@tmuxclaude-popup-width``) and loads it."""
    for name, value in options.items():
        server.say("set-option", "-g", f"@tmuxclaude-{name.replace('_', '-')}", value)
    return server.say("run-shell", str(ENTRY))


def listed(name: str, **more: object) -> dict[str, object]:
    """A session as ``core/rows`` takes it."""
    plain: dict[str, object] = dict.fromkeys(SESSION_COLUMNS)
    plain |= {"name": name, "state": "idle", "want": "up", "since": 0.0, "created_at": 0.0}
    plain |= {"directory": f"/srv/{name}", "reason": "", "outlook_why": "", "outlook_actor": ""}
    return plain | more


def publish(runtime: Path, *sessions: dict[str, object], pid: int = 0) -> None:
    """The rows file, as a supervisor that runs (this process, or ``pid``) keeps it."""
    now = time.time()
    text = rows.text(
        sessions, [], None, [], now, time.gmtime, "/home/ann", pid or os.getpid(), UNICODE
    )
    fresh = runtime / "rows.new"
    fresh.write_text(text)
    fresh.replace(runtime / "rows")
