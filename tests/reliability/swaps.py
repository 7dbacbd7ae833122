"""Claude Code ends and a shell reads on in its place, at a random moment while we send.

Two ways: the process of the pane becomes ``bash`` (the hardest: same pane, same process), and a
shell that was there all the time gets its terminal back (a pane that its user opened). In both a
program named like the first word of our text lies on the shell's PATH and leaves a mark when run.
"""

from __future__ import annotations

import os
import secrets
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.reliability.fragile import Fragile
from tests.supervisor.house import LIMIT, NBSP, OURS, TASK, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.claude import registry
from tmuxclaude.core.model import Launch, Pane, Session, State, Step
from tmuxclaude.edges import claude_files, processes

Window = tuple[float, float]
"""From when to when after our first byte it may end, in milliseconds."""

AT_ONCE: Window = (0, 120)
AROUND_ENTER: Window = (0, 1500)
"""The first byte is the text's, and Enter comes 150 ms later, or more on a busy machine."""

AROUND_TEXT: Window = (450, 2500)
"""The first byte is the Escape that closes the menu; the text comes 500 ms later, or more."""

DEAF: Window = (2000, 3000)
"""The same, but it reads nothing after the Escape: the shell inherits all of what we send."""

WINDOWS = (AT_ONCE, AROUND_ENTER, AROUND_TEXT, DEAF)
DEAF_MS = {AROUND_ENTER: 100, AROUND_TEXT: 300, DEAF: 3000}
"""For how long before its end it does not read what is in its terminal's queue."""

PART: dict[str, Any] = {"autostart_prompt": TASK, "limit": LIMIT}
NO_MENU: dict[str, Any] = {"native": True, "native_jitter": [99999, 99999]}
"""Its own continue is armed, but late: the prompt is free and no dialog comes first."""

IN_FLIGHT = {Step.TYPING, Step.TYPED, Step.ENTERING}


@dataclass
class Swaps:
    """What became of the texts. ``run``: executed by a shell. ``inherited``: a shell found the text
    in its line, without Enter. ``other``: never typed, or read by nobody."""

    swaps: int = 0
    run: int = 0
    delivered: int = 0
    inherited: int = 0
    other: int = 0

    def add(self, more: Swaps) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(more, field.name))

    def __str__(self) -> str:
        return (
            f"{self.swaps} swaps: {self.run} texts run by a shell, {self.delivered} delivered, "
            f"{self.inherited} left in the shell's line without Enter, {self.other} never arrived"
        )


class Swapping(Fragile):
    """A house in which every session turns into a shell when it is typed into."""

    def trap(self, name: str) -> tuple[Path, str]:
        """Where a mark appears when a shell runs our text, and the PATH that makes it so."""
        folder = self.server.directory / f"trap-{name}"
        folder.mkdir()
        mark = folder / "run"
        program = folder / OURS.split()[0]
        program.write_text(f"#!/bin/sh\necho run >> {mark}\n")
        program.chmod(0o755)
        return mark, f"{folder}:{os.environ['PATH']}"

    def part(self, name: str, window: Window, shell: bool) -> dict[str, Any]:
        """Half of them draw on the main screen, where the prompt line stays when they end."""
        ends = {"exit_on_byte": list(window), "exits_to_shell": shell}
        deaf = {"deaf_before_exit": DEAF_MS.get(window, 0)}
        classic = {"classic": zlib.crc32(name.encode()) % 2 == 1}
        return PART | ends | deaf | classic | ({} if window in (AROUND_TEXT, DEAF) else NO_MENU)

    def opened(self, name: str, window: Window) -> tuple[Seat, Path]:
        """A session in a window of ours, whose process becomes a shell."""
        mark, path = self.trap(name)
        part = self.part(name, window, shell=True)
        return self.open(name, environment={"PATH": path}, **part), mark

    def begun_by_hand(self, name: str, window: Window) -> tuple[str, Path]:
        """A pane with a shell, in which its user started Claude Code; its id, and the mark."""
        mark, path = self.trap(name)
        program = self.program(name, **self.part(name, window, shell=False))
        account = f"CLAUDE_CONFIG_DIR={self.account(name)}"
        given = ("-n", name, "-e", account, "-c", str(self.project))
        # Not by "-e": the PATH of whoever calls tmux wins over that (tmux 3.3a).
        shell = ("--", "env", f"PATH={path}", "bash", "--norc", "-i")
        pane = self.server.say(
            "new-window", "-d", "-t", "user:", "-P", "-F", "#{pane_id}", *given, *shell
        )
        self.server.say("send-keys", "-t", pane, str(program), "Enter")
        return pane, mark

    def kept(self, name: str, pane: str) -> Seat:
        """The registry's row of such a pane; only while no supervisor runs."""
        account = self.account(name)
        entries = until(lambda: [*claude_files.registry_entries(account)], what=name)
        pid, text = entries[0]
        entry, process = registry.parse(text), processes.identify(pid)
        assert entry is not None
        assert process is not None
        nonce = secrets.token_hex(16)
        self.server.say("set-option", "-p", "-t", pane, "@tmuxclaude-id", nonce)
        listing = self.server.tmux.panes()
        facts = listing.panes[pane]
        session = Session(
            uid=secrets.token_hex(16),
            name=name,
            directory=str(self.project.resolve()),
            account=str(account),
            launch=Launch((str(self.programs / name / "claude"),)),
            state=State.IDLE,
            since=time.time(),
            conversation=entry.conversation,
            socket=self.server.socket,
            pane=Pane(listing.server, pane, facts.pane_pid, nonce),
            process=process,
            opened_by_us=False,
        )
        with self.books() as books:
            books.sessions.add(session)
        opened = wire.Opened(
            name, session.uid, session.socket, pane, session.directory, entry.conversation
        )
        return Seat(self, opened)

    # -- a batch ---------------------------------------------------------------------------------

    def swap(self, count: int, *, shell_behind: bool) -> Swaps:
        """So many sessions become due, are typed into and turn into shells meanwhile."""
        self.paths.ensure()
        self.shift(0)
        run = secrets.token_hex(2)
        names = [f"{run}-{at}" for at in range(count)]
        windows = [WINDOWS[at % len(WINDOWS)] for at in range(count)]
        if shell_behind:
            begun = [self.begun_by_hand(name, w) for name, w in zip(names, windows, strict=True)]
            seats = [self.kept(name, pane) for name, (pane, _) in zip(names, begun, strict=True)]
            marks = [mark for _, mark in begun]
            self.start()
        else:
            self.start()
            pairs = [self.opened(name, w) for name, w in zip(names, windows, strict=True)]
            seats, marks = [seat for seat, _ in pairs], [mark for _, mark in pairs]
        for seat in seats:
            until(lambda s=seat: s.row()["halt"] is not None, what=seat.story)
        self.let_it_be_due(120)
        for seat in seats:
            until(lambda s=seat: s.log("exit"), what=seat.story)
        self.let_it_be_due(300)  # nobody waits any more for a text that will never show
        for seat in seats:
            until(lambda s=seat: not self._in_flight(s), what=seat.story)
        self.stop()
        self._programs_are_known(seats)
        found = Swaps(swaps=count)
        for seat, mark in zip(seats, marks, strict=True):
            ran, ours = self._ran(seat, mark), seat.turns().count(OURS)
            assert ours <= 1, seat.story()
            if ran:
                found.run += 1
            elif ours:
                found.delivered += 1
            elif OURS[:20] in self._everything(seat):
                found.inherited += 1
            else:
                found.other += 1
            seat.server.user.cmd("kill-pane", "-t", seat.pane)
        return found

    def _programs_are_known(self, seats: list[Seat]) -> None:
        """Nothing was typed before tmux's name for Claude Code was noted, and it is no shell's."""
        with self.books() as books:
            programs = {session.uid: session.program for session in books.sessions.all()}
        assert "bash" not in programs.values()
        assert all(programs[seat.uid] for seat in seats if seat.keys().count(OURS))

    def _in_flight(self, seat: Seat) -> bool:
        return any(attempt["step"] in IN_FLIGHT for attempt in seat.attempts())

    def _ran(self, seat: Seat, mark: Path) -> bool:
        return mark.exists() or "command not found" in self._everything(seat)

    def _everything(self, seat: Seat) -> str:
        """What the shell shows, and what scrolled away."""
        return self.server.say("capture-pane", "-p", "-J", "-S", "-", "-t", seat.pane)

    # -- the same without any guard --------------------------------------------------------------

    def naive(self, tries: int) -> bool:
        """Whether a shell runs one of so many texts that are sent as one would send them."""
        for at in range(tries):
            pane, mark = self.begun_by_hand(f"naive-{at}", (0, 5))
            until(lambda p=pane: f"❯{NBSP}" in self.server.say("capture-pane", "-p", "-t", p))
            for words in (("x",), ("-l", OURS), ("Enter",)):
                self.server.say("send-keys", "-t", pane, *words)
            with suppress(AssertionError):
                return until(mark.exists)
        return False
