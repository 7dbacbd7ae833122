"""The actor's role: which key does what, from the first dialog to the last line.

The traps of Claude Code 2.1.329 that a sender must survive are here: text typed into a dialog is
lost and Enter picks the row, Escape interrupts work or cancels Claude's own continue.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tmuxclaude.demo import past
from tmuxclaude.demo.call import Call
from tmuxclaude.demo.files import new_id
from tmuxclaude.demo.hooks import run
from tmuxclaude.demo.keys import Key
from tmuxclaude.demo.life import Life
from tmuxclaude.demo.log import Log
from tmuxclaude.demo.native import After
from tmuxclaude.demo.part import Part
from tmuxclaude.demo.recorded import Dialog
from tmuxclaude.demo.stage import Block, Stage, View
from tmuxclaude.demo.terminal import Terminal
from tmuxclaude.demo.turns import Turns

COMMANDS = ("/clear", "/exit", "/rate-limit-options")
_TWICE = 0.5
"""Seconds within which a second Escape clears a draft."""


class Leave(Exception):  # noqa: N818 - nothing went wrong
    """The process ends with `code`; `conversation` is what it says can be resumed, or empty."""

    def __init__(self, code: int, conversation: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.conversation = conversation


class Role:
    """Everything between the keys and the screen. ``deaf``: it reads no more of its terminal."""

    def __init__(self, part: Part, call: Call, terminal: Terminal, after: After, log: Log) -> None:
        self._part = part
        self._call = call
        self._terminal = terminal
        self._after = after
        self._log = log
        self._life = Life(part, call)
        self._view = View(_shown(self._life.directory), call.name)
        self._stage = Stage(terminal, classic=part.classic)
        self._turns = Turns(part, self._life, self._view, after, self._ask, log)
        self._answer: Callable[[str], None] = lambda _: None
        self._escaped_at = -_TWICE
        self._touched = False
        self.deaf = False

    def begin(self) -> None:
        """The trust dialog, if the part has one, else the prompt."""
        if self._part.trust:
            self._view.alone = True
            self._view.dialog = Dialog("trust", directory=self._life.directory)
            self._answer = self._trust
        else:
            self._open()

    def draw(self) -> None:
        self._stage.draw(self._view)

    def touched(self) -> None:
        """A byte came in."""
        if not self._touched and self._part.exit_on_byte is not None:
            low, high = self._part.exit_on_byte
            wait = low + (high - low) * int.from_bytes(os.urandom(4)) / 2**32
            self._after(wait / 1000, self._vanish)
            if self._part.deaf_before_exit:
                self._after(max(0.0, wait - self._part.deaf_before_exit) / 1000, self._stop_reading)
        self._touched = True

    def hear(self, key: Key) -> None:
        """A key has its effect, at once or after the part's delay."""
        if self._part.slow_echo:
            self._after(self._part.slow_echo, lambda: self._press(key))
        else:
            self._press(key)

    def end(self, code: int, reason: str = "other") -> None:
        """Leave in good order."""
        self._life.down(reason)
        raise Leave(code, self._life.conversation if self._life.transcript.messages else "")

    def _stop_reading(self) -> None:
        self.deaf = True

    def _vanish(self) -> None:
        self._life.vanish()
        raise Leave(0)

    def _trust(self, row: str) -> None:
        if row != "yes":
            raise Leave(1)
        self._view.alone = False
        self._open()

    def _open(self) -> None:
        """The prompt is up; what the command line or the part wants comes first."""
        if not self._part.classic:
            self._terminal.go_fullscreen()
        self._stage.forget()
        self._terminal.title(f"✳ {self._call.name or 'Claude Code'}")
        self._view.history = past.full() if self._part.full else []
        resumed = self._call.resumed
        if resumed:
            records = self._life.transcript.read()
            self._view.history += past.retell(records, self._turns.allowance, time.time())
        self.draw()
        source = "fork" if self._call.forked else "resume" if resumed else "startup"
        self._life.up(source)
        task = self._call.prompt or ("" if resumed else self._part.autostart_prompt)
        if task:
            self._turns.submit(task)
        elif resumed and self._part.resume_question:
            self._ask(Dialog("resume"), "dialog open", self._resume_row)

    def _resume_row(self, row: str) -> None:
        if row == "new":
            self._clear("startup")

    def _ask(self, dialog: Dialog, waiting_for: str, answer: Callable[[str], None]) -> None:
        self._view.dialog = dialog
        self._view.working = None
        self._answer = answer
        self._life.status("waiting", waiting_for)

    def _press(self, key: Key) -> None:
        leaving, self._view.leaving = self._view.leaving, False
        if self._view.dialog is not None:
            self._press_in_dialog(self._view.dialog, key)
        elif key.name == "escape":
            self._escape()
        elif key.name == "enter" and not self._part.enter_is_newline:
            self._enter()
        elif key.name == "ctrl-c" and not self._view.box.text:
            if leaving:
                self.end(0, "prompt_input_exit")
            self._view.leaving = True
        else:
            self._edit(key)

    def _press_in_dialog(self, dialog: Dialog, key: Key) -> None:
        count = len(dialog.rows)
        digit = key.name == "text" and len(key.text) == 1 and key.text in "123456789"[:count]
        if key.name in ("up", "down"):
            dialog.chosen = (dialog.chosen + (1 if key.name == "down" else -1)) % count
        elif key.name == "enter":
            self._choose(dialog, dialog.rows[dialog.chosen])
        elif digit and dialog.name != "trust":
            self._choose(dialog, dialog.rows[int(key.text) - 1])
        elif key.name == "escape":
            self._choose(dialog, "")
        else:
            self._log.event("lost", key=repr(key))

    def _choose(self, dialog: Dialog, row: str) -> None:
        self._log.event("row", dialog=dialog.name, row=row)
        self._view.dialog = None
        if not self._view.alone:
            self._life.status("idle")
        self._answer(row)

    def _escape(self) -> None:
        now = time.monotonic()
        twice, self._escaped_at = now - self._escaped_at < _TWICE, now
        if self._turns.turn is not None:
            self._view.box.type(self._turns.interrupt())
        elif self._turns.native.armed:
            self._turns.cancel_native()
        elif self._view.box.text and twice:
            self._view.box.clear()
        elif self._view.box.text:
            self._view.hint = "esc again to clear"

    def _edit(self, key: Key) -> None:
        box = self._view.box
        if key.name == "text":
            box.type(key.text)
        elif key.name == "paste":
            box.paste(key.text)
        elif key.name in ("newline", "enter"):
            box.type("\n")
        elif key.name == "backspace":
            box.delete()
        elif key.name == "ctrl-c":
            box.clear()
        elif key.name == "ctrl-u" and box.text:
            box.delete_row(self._terminal.size()[0] - 4)
            self._view.hint = "ctrl+y to paste deleted text"
        elif key.name == "ctrl-s" and (box.text or box.stashed):
            self._view.hint = "draft stashed" if box.stash() else ""

    def _enter(self) -> None:
        box = self._view.box
        shell = box.shell
        text = box.take()
        if not text:
            return
        self._view.hint = ""
        if self._turns.turn is not None:
            self._view.queue.append(text)
        elif shell:
            printed = run(["/bin/sh", "-c", text], b"", dict(os.environ), 10.0)
            self._view.history.append(Block("shell-command", text, output=printed.strip()))
        elif text.startswith("/"):
            self._command(text)
        else:
            self._turns.submit(text)

    def _command(self, text: str) -> None:
        """The top match of what was typed, as Enter takes it."""
        command = next((known for known in COMMANDS if known.startswith(text)), "")
        if command == "/exit":
            self.end(0, "prompt_input_exit")
        elif command == "/clear":
            self._life.hook("SessionEnd", "clear", reason="clear")
            self._clear("clear")
            self._view.history = [Block("cleared")]
        elif command:
            self._turns.open_menu()

    def _clear(self, source: str) -> None:
        """A new conversation in the same process."""
        self._turns.native.disarm()
        self._life.begin(new_id())
        self._view.history = []
        self._stage.forget()
        self._life.up(source)


def _shown(directory: str) -> str:
    home = os.path.expanduser("~")
    return f"~{directory[len(home) :]}" if directory.startswith(f"{home}/") else directory
