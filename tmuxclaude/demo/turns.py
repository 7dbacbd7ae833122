"""The turns of a conversation: working, asking, replying, meeting the limit.

It puts blocks into the history, records into the transcript, and asks the user by `ask`. Which
key does what is `role`'s.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tmuxclaude.demo import native
from tmuxclaude.demo.hooks import run
from tmuxclaude.demo.life import Life
from tmuxclaude.demo.limit import Allowance, Limit
from tmuxclaude.demo.log import Log
from tmuxclaude.demo.part import Part
from tmuxclaude.demo.recorded import Dialog, recording
from tmuxclaude.demo.stage import Block, View

Ask = Callable[[Dialog, str, Callable[[str], None]], None]
"""Opens a dialog, with what the registry says we wait for, and what to do with the row that is
chosen (empty: Escape)."""


class Turn:
    """`own`: Claude Code started it itself. `again`: it took over while that was armed."""

    def __init__(self, number: int, text: str, *, own: bool, again: bool) -> None:
        self.number = number
        self.text = text
        self.own = own
        self.again = again
        self.started = time.monotonic()
        self.asked: set[str] = set()


class Turns:
    """`turn` is the one that is working now."""

    def __init__(
        self, part: Part, life: Life, view: View, after: native.After, ask: Ask, log: Log
    ) -> None:
        self._part = part
        self._life = life
        self._view = view
        self._after = after
        self._ask = ask
        self._log = log
        self._count = 0
        self.turn: Turn | None = None
        self.allowance = Allowance(part)
        self.native = native.Native(part, view, after, log)
        self.native.fire = self._continue_by_itself

    def submit(self, text: str, *, own: bool = False) -> None:
        """Start a turn. Records and hooks come before the work, as with the real program."""
        again = self.native.disarm()
        self._count += 1
        turn = self.turn = Turn(self._count, text, own=own, again=again)
        self._life.begin_prompt()
        self._log.event("submit", text=text, own=own)
        self._life.hook("UserPromptSubmit", text=text)
        if own:
            self._life.record("enqueue", "dequeue", text=text)
            self._notice(native.FIRED)
            self._life.record("continuation", text=text)
        else:
            self._view.history.append(Block("user", text))
            self._life.record("user", text=text)
        self._view.working = 0
        self._life.status("busy")
        self._after(1.0, lambda: self._tick(turn))
        self._after(self._part.work_seconds, lambda: self._step(turn))

    def interrupt(self) -> str:
        """Escape while working; gives the text that goes back into the box."""
        turn, self.turn = self.turn, None
        self._view.working = None
        self._life.status("idle")
        if self._view.queue:
            self._view.history.append(Block("interrupted"))
            self.submit(self._view.queue.pop(0))
            return ""
        if turn is None or turn.own or turn.asked or self._view.box.text:
            self._view.history.append(Block("interrupted"))
            return ""
        self._view.history.pop()
        return turn.text

    def cancel_native(self) -> None:
        """Escape while Claude Code's own continue is armed."""
        self.native.cancel()
        for block in self._view.history:
            if block.name == "limit":
                block.name = "limit-credits"
        self._notice(native.CANCELLED)
        self._view.hint = native.CANCELLED

    def open_menu(self) -> None:
        """The limit menu, which also /rate-limit-options opens."""
        limit = self.allowance.limit
        if limit is not None:
            name = "limit-credits-first" if self._part.credits_first else "limit"
            self._ask(Dialog(name, reset=limit.clock), "dialog open", self._menu_row)

    def _menu_row(self, row: str) -> None:
        limit = self.allowance.limit
        if row == "credits":
            self.allowance.lift()
        elif row == "arm" and limit is not None:
            self._view.history.append(Block("will-continue", reset=limit.clock))
            self.native.arm(limit)

    def _tick(self, turn: Turn) -> None:
        if self.turn is turn:
            self._view.working = int(time.monotonic() - turn.started)
            self._after(1.0, lambda: self._tick(turn))

    def _step(self, turn: Turn) -> None:
        """The work is done: ask what the part asks, then reply or meet the limit."""
        if self.turn is not turn:
            return
        wanted = self._part.permission
        if wanted and wanted["turn"] == turn.number and "permission" not in turn.asked:
            self._ask_permission(turn, str(wanted["command"]))
        elif self._part.question and turn.number == 1 and "question" not in turn.asked:
            turn.asked.add("question")
            self._ask(Dialog("question"), "input needed", lambda row: self._answered(turn, row))
        else:
            for text in self._view.queue:
                self._view.history.append(Block("user", text))
                self._life.record("user", text=text)
            self._view.queue = []
            limit = self.allowance.refusal(time.time())
            if limit is None:
                self._reply(turn)
            else:
                self._meet(turn, limit)

    def _ask_permission(self, turn: Turn, command: str) -> None:
        turn.asked.add("permission")
        tool = f"toolu_{os.urandom(8).hex()}"
        self._life.record("assistant", text="Running a command.")
        self._life.record("tool_use", tool=tool, command=command)
        self._view.history.append(Block("tool", command=command))
        for event in ("PreToolUse", "PermissionRequest"):
            self._life.hook(event, "Bash", tool=tool, command=command)
        kind = "permission_prompt"
        self._life.hook("Notification", kind, text="Claude needs your permission", kind=kind)
        dialog = Dialog("permission", command=command, directory=self._life.directory)

        def answer(row: str) -> None:
            if row not in ("", "no"):
                printed = run(["/bin/sh", "-c", command], b"", dict(os.environ), 10.0)
                self._life.record("tool_result", tool=tool, text=printed)
            self._answered(turn, "" if row == "no" else row)

        self._ask(dialog, "permission prompt", answer)

    def _answered(self, turn: Turn, row: str) -> None:
        if not row:
            self.interrupt()
            return
        self._view.working = int(time.monotonic() - turn.started)
        self._life.status("busy")
        self._step(turn)

    def _reply(self, turn: Turn) -> None:
        text = "\n".join(recording("quotes")) if self._part.quotes else self._part.reply
        seconds = time.monotonic() - turn.started
        self._life.record("assistant", text=text)
        self._life.record("turn_duration", milliseconds=int(seconds * 1000))
        self._view.history.append(Block("reply", text))
        self._view.history.append(Block("done", seconds=int(seconds), clock=clock(time.time())))
        self._rest(turn)
        self._life.hook("Stop", text=text)

    def _meet(self, turn: Turn, limit: Limit) -> None:
        words = limit.words
        self._log.event("limit", claim=limit.claim, resets_at=limit.resets_at)
        self._life.record("limit", text=words, resets_at=limit.resets_at, claim=limit.claim)
        block = Block("limit", words)
        if turn.own:
            self._view.history.append(block)
            if not self.native.arm_again(limit):
                self._notice(native.STOPPED)
        elif self._life.native and self.native.arms_itself(limit):
            self.native.arm(limit)
            notice = native.REACHED_AGAIN if turn.again else native.REACHED
            self._notice(notice.format(limit.clock))
            self._view.history.insert(len(self._view.history) - (not turn.again), block)
        else:
            self._view.history.append(block)
        self._rest(turn)
        if not turn.own and not self.native.armed:
            self.open_menu()
        self._life.hook("StopFailure", "rate_limit", text=words)
        if self._part.dies_after is not None:
            self._after(self._part.dies_after, self._die)

    def _rest(self, turn: Turn) -> None:
        self.turn = None
        self._view.working = None
        self._life.record("last-prompt", text=turn.text)
        self._life.status("idle")
        if self._view.box.give_back():
            self._view.hint = "draft restored"

    def _continue_by_itself(self) -> None:
        kind = "quota_auto_resume_fired"
        text = "Usage limit reset — Claude is continuing your task"
        self._life.hook("Notification", kind, text=text, kind=kind)
        self.submit(native.PROMPT, own=True)

    def _notice(self, text: str) -> None:
        self._view.history.append(Block("notice", text))
        self._life.record("notice", text=text)

    def _die(self) -> None:
        self._log.event("dies")
        if isinstance(self._part.dies_by, int):
            os._exit(self._part.dies_by)
        os.kill(os.getpid(), signal.SIGKILL)


def clock(epoch: float) -> str:
    """As the done line prints it: `9:14 PM`."""
    at = time.localtime(epoch)
    return f"{at.tm_hour % 12 or 12}:{at.tm_min:02} {'PM' if at.tm_hour >= 12 else 'AM'}"
