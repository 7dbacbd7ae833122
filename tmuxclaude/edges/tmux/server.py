"""The one door to tmux: everything that the house asks of it or does in it.

Knows tmux's commands, what tmux 3.2 and later make of them, and how a pane is recognised. Must not
know states, limits or when something is to be done. Each method is one child process with a
time-out (``edges.tmux.call``); each argument is typed (``edges.tmux.words``); each deed is guarded
inside tmux (``edges.tmux.guard``). A method gives a value, or raises ``ServerGone`` (tmux says that
there is no server) or ``Silent`` (no answer, or none that we understand). After ``Silent`` it is
unknown what became of the panes, and whether the deed was done.

libtmux is not used here, only by the tests, as the hand of the user. Its ``new_window`` passes one
string to a shell, cannot set options in the same command and then lists windows with their titles
and directories, which one hostile title breaks for all; its listings run without a time-out and
cannot be turned off; its import costs more than a tick.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tmuxclaude.core.errors import NotFoundError, UsageError
from tmuxclaude.core.model import NAME, Pane, Server
from tmuxclaude.edges import terminals
from tmuxclaude.edges.terminals import TTY
from tmuxclaude.edges.tmux import guard, marks, opening, shells, status
from tmuxclaude.edges.tmux import listing as look
from tmuxclaude.edges.tmux.call import Door, ServerGone, Silent, end, new_token, ours
from tmuxclaude.edges.tmux.guard import Check, Obstacle
from tmuxclaude.edges.tmux.listing import NONCE, Listing
from tmuxclaude.edges.tmux.opening import Opened
from tmuxclaude.edges.tmux.shells import Shell
from tmuxclaude.edges.tmux.words import Command, Fmt, Id, Raw, Text, command

FIRST_PAUSE = 0.05
"""Seconds between two tries to open a window; each is twice as long as the one before."""

_UNTYPEABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Sent:
    """It was done. For keys: they are in the terminal's queue, which does not prove them read."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, because of this."""

    obstacle: Obstacle


Outcome = Sent | Refused


class Tmux:
    """One tmux server, by its socket. ``timeout``: seconds for each question."""

    def __init__(self, socket: str, program: str = "tmux", timeout: float = 5.0) -> None:
        self.socket = socket
        self._door = Door(socket, program, timeout)

    # -- looking ---------------------------------------------------------------------------------

    def version(self) -> tuple[int, int]:
        """Major and minor, ``(3, 3)`` for ``3.3a``. Raises ``NotFoundError`` without tmux."""
        return self._door.version()

    def panes(
        self,
        search: Sequence[str] = (),
        since: int = 0,
        clients: bool = False,
        segment: tuple[status.Segment, int] | None = None,
    ) -> Listing:
        """Every pane of the server; with ``clients`` also who is attached.

        ``search``: plain words; tmux looks for any of them, in either case, on the visible screen
        of each pane that carries a nonce and whose window printed at or after ``since`` (UTC epoch
        in whole seconds: give the second before the last look). A coarse hint: a word that is
        wrapped at the edge is not found. ``segment``: what the status line shows from now on, and
        the time of this look (UTC epoch).
        """
        token = new_token()
        said = status.shown(*segment) if segment is not None else ()
        asked = (*said, *look.questions(token, search, since, clients))
        return look.listing(self.socket, token, self._door.ask(*asked), clients)

    def reap(self, server: Server) -> None:
        """Let tmux collect children whose end it missed (``PaneFacts.unreaped``)."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(server.pid, signal.SIGCHLD)

    def capture(self, pane_ids: Iterable[str]) -> dict[str, str]:
        """The visible text of each pane that is there, with colours, wrapped lines joined."""
        token = new_token()
        asked = look.screen_questions(token, pane_ids)
        return look.screens(token, self._door.ask(*asked)) if asked else {}

    def unread(self, pane: Pane) -> int | None:
        """Bytes that the program has not read from its terminal yet; ``None`` when unknown.

        Unknown: not this pane any more, no terminal, or one that waits for whole lines.
        """
        shown = command("display-message", "-p", "-t", Id(pane.pane_id), Fmt("#{pane_tty}"))
        outcome, said = self._do(pane, (), shown)
        return terminals.unread(said[0]) if isinstance(outcome, Sent) and said else None

    def program(self, pane: Pane) -> str | None:
        """What tmux calls the program in the foreground; ``None`` for a shell and odd names."""
        shown = command(
            "display-message", "-p", "-t", Id(pane.pane_id), Fmt("#{pane_current_command}")
        )
        outcome, said = self._do(pane, (), shown)
        known = isinstance(outcome, Sent) and said and guard.is_program(said[0])
        return said[0] if known else None

    def session_of(self, pane_id: str) -> str | None:
        """The id (``$1``) of a tmux session that holds the pane; ``None`` without such a pane."""
        found, session_id = self._pair(pane_id, "#{pane_id}", "#{session_id}")
        return session_id if found == pane_id else None

    def session_name(self, session_id: str) -> str | None:
        """The name of the tmux session with this id; ``None`` without such a session."""
        found, name = self._pair(session_id, "#{session_id}", "#{session_name}")
        return name if found == session_id else None

    def window_name(self, pane_id: str) -> str | None:
        """The window's own name, without a mark of ours; ``None`` without such a pane."""
        found, name = self._pair(pane_id, "#{pane_id}", marks.OWN_NAME)
        return name if found == pane_id else None

    # -- windows ---------------------------------------------------------------------------------

    def open_window(
        self,
        *,
        tmux_session: str,
        name: str,
        directory: str,
        environment: Sequence[tuple[str, str]],
        argv: Sequence[str],
        nonce: str,
        create: bool = False,
        select: bool = False,
    ) -> Opened:
        """Open a window whose pane *is* ``argv`` in ``directory``: there is no shell behind it.

        ``tmux_session``: an id (``$1``) or a whole name; with ``create`` one of that name is made,
        detached, when it is not there, and a server too. ``nonce``: 32 hex digits. The pane stays
        visible only when its program fails. A ``PATH`` in ``environment`` counts; without it the
        pane has the one of its tmux session. Raises ``UsageError`` for a bad value and
        ``NotFoundError`` for a missing session; nothing is opened then.
        """
        for given in (name, *((tmux_session,) if create else ())):
            if not NAME.fullmatch(given):
                raise UsageError(f"Not a name for a window or tmux session: {given!r}.")
        if not NONCE.fullmatch(nonce):
            raise ValueError(f"not a nonce: {nonce!r}")
        start = opening.started(directory, environment, argv, nonce)
        path = dict(environment).get("PATH", os.environ.get("PATH", os.defpath))
        last, pause = time.monotonic() + self._door.timeout, FIRST_PAUSE
        while True:
            token = new_token()
            there = self._session_id(tmux_session, or_none=create)
            if there is None:
                begin, target = opening.in_new_session(tmux_session, name, token)
            else:
                begin, target = opening.in_session(there, name, select, token)
            line = ((*begin, *start), opening.marked(target, nonce, token, there is None))
            try:
                rows, complaint = self._told(line, token, path if there is None else None)
                if result := opening.opened(self.socket, nonce, rows):
                    return self._marked(*result)
                if time.monotonic() > last:
                    raise Silent(f"tmux opened no window. It said: {complaint[:200]!r}.")
            except ServerGone:  # it was shutting down when we asked it for a new session
                if there is not None or time.monotonic() > last:
                    raise
            time.sleep(pause)
            pause *= 2

    def respawn(
        self,
        pane: Pane,
        *,
        directory: str,
        environment: Sequence[tuple[str, str]],
        argv: Sequence[str],
    ) -> Pane | Refused:
        """Start ``argv`` in a pane whose program has ended, and give the pane with its new pid."""
        start = opening.started(directory, environment, argv, pane.nonce)
        target = Id(pane.pane_id)
        outcome, said = self._do(
            pane,
            (guard.DEAD,),
            command("respawn-pane", "-t", target, *start),
            command("display-message", "-p", "-t", target, Fmt("#{pane_pid}")),
        )
        if isinstance(outcome, Refused):
            return outcome
        if not said or not said[0].isdecimal():
            raise Silent(f"tmux restarted {pane.pane_id} but did not tell its process.")
        return Pane(pane.server, pane.pane_id, int(said[0]), pane.nonce)

    def idle_shell(
        self, tmux_session: str, window: str, idle: Callable[[int], bool]
    ) -> Shell | None:
        """A shell at an untouched prompt in a window of this name, alone there and not ours.

        ``idle`` says whether the process with this pid has no children.
        """
        if not (NAME.fullmatch(tmux_session) and NAME.fullmatch(window)):
            return None
        rows = self._rows(*shells.question(tmux_session, window))
        if not any(rows):
            return None
        for shell in shells.shells(self.panes().server, rows):
            outcome, said = self._do(shell.pane, shell.untouched, shell.line)
            prompt = isinstance(outcome, Sent) and said and shell.is_prompt(said[0])
            if prompt and idle(shell.pane.pane_pid):
                return shell
        return None

    def take_over(
        self,
        shell: Shell,
        *,
        directory: str,
        environment: Sequence[tuple[str, str]],
        argv: Sequence[str],
        nonce: str,
    ) -> Pane | None:
        """End the shell and start ``argv`` in its pane, which is ours then.

        ``None``, with nothing done, when anything was typed or printed there meanwhile.
        """
        start = opening.started(directory, environment, argv, nonce)
        target = Id(shell.pane.pane_id)
        outcome, said = self._do(
            shell.pane,
            shell.untouched,
            command("respawn-pane", "-k", "-t", target, *start),
            command("display-message", "-p", "-t", target, Fmt("#{pane_pid}")),
            *opening.marks(target, nonce),
        )
        if isinstance(outcome, Refused):
            return None
        if not said or not said[0].isdecimal():
            raise Silent(f"tmux started it in {shell.pane.pane_id} but did not tell its process.")
        return replace(shell.pane, pane_pid=int(said[0]), nonce=nonce)

    def claim(self, pane: Pane, nonce: str) -> Pane | Refused:
        """Make a pane ours that somebody else opened, and give it as it is known from now on.

        ``pane`` carries the mark that it has now, or none. ``nonce``: 32 hex digits.
        """
        if not NONCE.fullmatch(nonce):
            raise ValueError(f"not a nonce: {nonce!r}")
        target = Id(pane.pane_id)
        outcome, _ = self._do(
            pane, (), command("set-option", "-p", "-t", target, "@tmuxclaude-id", nonce)
        )
        return outcome if isinstance(outcome, Refused) else replace(pane, nonce=nonce)

    def disclaim(self, pane: Pane, opened_by_us: bool) -> Outcome:
        """Make it nobody's; of one that we opened also put back what we set there."""
        deeds = opening.unmarked(pane.pane_id)
        return self._do(pane, (), *(deeds if opened_by_us else deeds[1:]))[0]

    def close(self, pane: Pane) -> Outcome:
        """Close the pane, and its window when it is the only one. Its program gets SIGHUP."""
        return self._do(pane, (), command("kill-pane", "-t", Id(pane.pane_id)))[0]

    def select(self, pane: Pane, client: str | None = None) -> Outcome:
        """Bring the pane to the front of its tmux session, and that to ``client`` (its tty)."""
        target = Id(pane.pane_id)
        deeds = [
            command("select-window", "-t", target),
            command("select-pane", "-t", target),
        ]
        if client is not None:
            if not TTY.fullmatch(client):
                raise UsageError(f"Not a terminal of a tmux client: {client!r}.")
            deeds.append(command("switch-client", "-c", client, "-t", target))
        return self._do(pane, (), *deeds)[0]

    def set_window_name(self, pane: Pane, name: str, before: str = "") -> Outcome:
        """Rename the pane's window; with ``before`` only one that is called so.

        Raises ``UsageError`` unless both are names that a session could have.
        """
        if not NAME.fullmatch(name) or (before and not NAME.fullmatch(before)):
            raise UsageError(f"Not a window name: {name!r}. Nothing was renamed.")
        checks = (guard.window_is_called(before),) if before else ()
        renamed = command("rename-window", "-t", Id(pane.pane_id), "--", Text(name))
        return self._do(pane, checks, renamed)[0]

    def mark(self, pane: Pane, name: str, mark: str) -> Outcome:
        """Put ``mark`` behind the name of the pane's window; ``name`` is its session's.

        Raises ``UsageError`` unless that is one. What is not marked: ``edges/tmux/marks``.
        """
        if not NAME.fullmatch(name):
            raise UsageError(f"Not a session's name: {name!r}. Nothing was marked.")
        _, said = self._do(pane, (), marks.automatic(pane))
        automatic = "".join(line for line in said[:1] if line in {"on", "off"})
        return self._do(pane, (), *marks.marked(pane, name, mark, automatic))[0]

    def unmark(self, keep: Container[str] = ()) -> None:
        """Put back the name of every window that is marked, but for the panes with these nonces."""
        found = marks.windows(self._rows(*marks.all_marked()))
        lines = [(marks.put_back(*one),) for one in found.items() if one[1] not in keep]
        if lines:
            token = new_token()
            self._door.ask(*lines, end(token)).lines(token)

    # -- keys ------------------------------------------------------------------------------------

    def type_text(
        self,
        pane: Pane,
        text: str,
        *,
        command: str | None = None,
        empty_box: bool = False,
        hint: str = "",
        label: str = "",
    ) -> Outcome:
        """Put a text into Claude Code's prompt, without Enter. Its lines go as one paste.

        ``command``: the foreground program must have this name. ``empty_box``: refuse unless the
        prompt is empty at that very moment; leave it out when a placeholder stands there, and give
        that as ``hint``: refuse unless it still does. ``label``: the name that the prompt box must
        have. Raises ``UsageError`` for a text that is empty or holds a control character but tabs
        and line feeds.
        """
        if not text or _UNTYPEABLE.search(text):
            raise UsageError("The text must be lines without control characters.")
        checks = (guard.PROMPT_VISIBLE, *((guard.PROMPT_EMPTY,) if empty_box else ()))
        checks = (*_in_front(command), *checks, *guard.hints(hint), *guard.labelled(label))
        return self._paste(pane, text, checks)

    def press_enter(self, pane: Pane, *, command: str | None = None, label: str = "") -> Outcome:
        """Enter, only while Claude Code's prompt box is visible, so never on a menu.

        ``label``: the name that the prompt box must have.
        """
        checks = (guard.BOX_VISIBLE, *guard.labelled(label))
        return self._press(pane, "Enter", *_in_front(command), *checks)

    def press_stash(self, pane: Pane, *, command: str | None = None) -> Outcome:
        """Control-S, with which Claude Code puts a draft aside until the next message is sent."""
        return self._press(pane, "C-s", *_in_front(command), guard.BOX_VISIBLE)

    def press_escape(self, pane: Pane, showing: str) -> Outcome:
        """Escape, only while ``showing`` (a constant text) is visible and no prompt line is."""
        return self._press(pane, "Escape", guard.shows(showing), guard.NO_BOX_VISIBLE)

    # -- inside ----------------------------------------------------------------------------------

    def _paste(self, pane: Pane, text: str, checks: tuple[Check, ...]) -> Outcome:
        # Bracketed: Claude Code 2.1.329 opens no file or command menu on pasted text. A buffer and
        # not "send-keys -l", because copy mode would take those as its own keys. It is filled
        # before the checks: a hook of the user can run behind that and take its time.
        token = new_token()
        buffer = f"tc-{token}"
        filled = command("set-buffer", "-b", buffer, "--", Raw(text))
        paste = ("paste-buffer", "-p", "-r", "-d", "-b", buffer, "-t", Id(pane.pane_id))
        checks = (*guard.TAKES_KEYS, *checks)
        emptied = (command("delete-buffer", "-b", buffer),)
        guarded = guard.guarded(pane, token, checks, command(*paste), otherwise=emptied)
        return self._done(token, filled, guarded)[0]

    def _press(self, pane: Pane, key: str, *checks: Check) -> Outcome:
        pressed = command("send-keys", "-t", Id(pane.pane_id), key)
        return self._do(pane, (*guard.TAKES_KEYS, *checks), pressed)[0]

    def _do(
        self, pane: Pane, checks: tuple[Check, ...], *deeds: Command
    ) -> tuple[Outcome, list[str]]:
        """Do it if everything holds; the lines are what the deeds printed.

        Only the first line is surely theirs, and that of the first deed that always prints: behind
        it stands whatever hooks of the user print.
        """
        token = new_token()
        return self._done(token, guard.guarded(pane, token, checks, *deeds))

    def _done(self, token: str, *line: Command) -> tuple[Outcome, list[str]]:
        done = self._door.ask(line, end(token))
        lines = done.lines(token)
        verdict = next(iter(ours(token, lines)), "")
        if not verdict:
            raise Silent(f"tmux did not do it as asked. It said: {done.complaint[:200]!r}.")
        said = lines[: lines.index(f"{token}:{verdict}")]
        return Sent() if verdict == "sent" else Refused(Obstacle(verdict)), said

    def _session_id(self, wanted: str, or_none: bool) -> Id | None:
        rows: list[str] = []
        try:
            rows = self._rows(command("list-sessions", "-F"), "#{session_id}:#{session_name}")
        except ServerGone:
            if not or_none:
                raise
        for row in rows:
            session_id, _, name = row.partition(":")
            if wanted in (session_id, name):
                return Id(session_id)
        if or_none:
            return None
        raise NotFoundError(f"There is no tmux session {wanted!r}. Nothing was opened.")

    def _told(
        self, line: tuple[Command, ...], token: str, path: str | None
    ) -> tuple[list[str], str]:
        """The rows that a command which opens something printed, and the complaint.

        No rows: nothing was opened. Raises ``Silent`` where that is not certain. A row is believed
        also when the rest does not come: a hook of the user can hang behind it.
        """
        try:
            done = self._door.ask(line, end(token), start_with_path=path)
            return done.rows(token), done.complaint
        except Silent as silence:
            rows = ours(token, silence.heard.split("\n")[:-1])
            if not rows:
                raise
            return rows, ""

    def _marked(self, window: Opened, marked: bool) -> Opened:
        """The window, marked by its pane's id where a hook of the user got in between.

        One that the hook has closed is given as it was: it was opened.
        """
        for nonce in () if marked else ("", window.pane.nonce):
            now = replace(window.pane, nonce=nonce)
            deeds = opening.marks(Id(now.pane_id), window.pane.nonce)
            if isinstance(self._do(now, (), *deeds)[0], Sent):
                break
        return window

    def _rows(self, asked: Command, row: str) -> list[str]:
        """What one question gives for this format, when it is sure that this is all."""
        token = new_token()
        listed = ((*asked, Fmt(f"{token}:{row}")), *end(token))
        return self._door.ask(listed).rows(token)

    def _pair(self, target: str, first: str, second: str) -> tuple[str, str]:
        """The values of two formats there; neither of what is not there."""
        asked = command("display-message", "-p", "-t", Id(target))
        found, _, value = "".join(self._rows(asked, f"{first}:{second}")[:1]).partition(":")
        return found, value


def _in_front(program: str | None) -> tuple[Check, ...]:
    return () if program is None else (guard.runs(program),)
