"""What Claude Code's own files say of one session: its registry file and its transcript.

Joins what ``edges/claude_files`` reads with what ``claude`` makes of it. Remembers only how far a
file was read; knows no tmux and weighs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.claude import transcript
from tmuxclaude.claude.registry import Entry, parked
from tmuxclaude.claude.registry import parse as parse_entry
from tmuxclaude.core.evidence import RegistryFacts, Tail
from tmuxclaude.core.model import Pane, Process, Session
from tmuxclaude.edges import claude_files, processes

CHUNKS = 4
"""How many pieces of a transcript one look reads; until its end is reached it says nothing."""

FURTHER = 4
"""How many times as far back a first look begins that found no prompt."""


@dataclass(slots=True)
class OwnFiles:
    """The files of one session, as far as they were read.

    ``since``: the byte from which on a transcript that is looked at for the first time is read, if
    it matters. ``behind``: its end was not reached yet.
    """

    conversation: str | None = None
    path: Path | None = None
    sought_at: float = 0.0
    position: claude_files.Position | None = None
    behind: bool = False
    reach: int = claude_files.FIRST_LOOK_BYTES
    since: int | None = None
    content: Tail = transcript.EMPTY
    read_mark: claude_files.Mark | None = None
    borrowed: bool = False
    entry: Entry | None = None
    entry_of: Process | None = None
    entry_path: Path = Path()
    entry_mark: claude_files.Mark | None = None

    def registry(self, session: Session) -> RegistryFacts | None:
        """What the registry file of this very process says; ``None`` when there is none.

        Where its conversation went on in the background, what the file of that process says.
        """
        process = session.process
        if process is None:
            return None
        if process != self.entry_of:
            self.entry_of, self.entry_mark = process, None
            self.entry_path = claude_files.registry_path(Path(session.account), process.pid)
        mark = claude_files.mark(self.entry_path)
        if mark is None or mark != self.entry_mark:
            text = claude_files.read_small(self.entry_path)
            self.entry = parse_entry(text) if text is not None else None
            self.entry_mark = mark
        entry = self.entry
        if entry is None or entry.proc_start not in ("", process.started):
            return None
        return parked(entry, living(session.account)) if entry.parked else entry.facts

    def tail(
        self,
        session: Session,
        conversation: str | None,
        now: float,
        copied_from: str = "",
    ) -> Tail | None:
        """The end of the transcript; ``None`` when there is none, or it was not reached yet.

        It holds the last turn's prompt, unless that is very far back. ``copied_from``: whose
        transcript counts instead while it has none of its own.
        """
        if conversation is None:
            return None
        if self.conversation != conversation:
            self.conversation, self.path, self.sought_at = conversation, None, 0.0
            self._begin_anew()
        # The clock may have been set back meanwhile; that must not keep us waiting.
        sought = 0.0 <= now - self.sought_at < 1.0
        if (self.path is None or self.borrowed) and not sought:
            self.sought_at = now
            self._seek(session, conversation, copied_from)
        if self.path is None:
            return None
        self._read_on(self.path)
        return None if self.position is None or self.behind else self.content

    @property
    def reaches_far(self) -> bool:
        """Whether very much of its transcript had to be read, to find the last prompt."""
        return self.reach > claude_files.FIRST_LOOK_BYTES

    def seek_anew(self) -> None:
        """Its transcript may be elsewhere now; what was read stays if it is not."""
        self.borrowed, self.sought_at = True, 0.0

    def _begin_anew(self) -> None:
        self.position, self.behind, self.reach = None, False, claude_files.FIRST_LOOK_BYTES
        self.content, self.read_mark = transcript.EMPTY, None

    def _seek(self, session: Session, conversation: str, copied_from: str) -> None:
        account, begun_in = Path(session.account), session.directory
        own = claude_files.transcript_path(account, conversation, begun_in)
        path = own
        if own is None and copied_from:
            path = claude_files.transcript_path(account, copied_from, begun_in)
        if path != self.path:
            self._begin_anew()
        self.path, self.borrowed = path, own is None

    def _read_on(self, path: Path) -> None:
        """Reads what is new; of very much some at each look, so that no file delays the others."""
        mark = claude_files.mark(path)
        if mark is not None and mark == self.read_mark:
            return
        for _ in range(CHUNKS):
            chunk = claude_files.follow(path, self.position, self.reach, self.since)
            if chunk.position is None:
                self.behind = False
                return
            new = replace(transcript.EMPTY, begins=chunk.begins)
            tail = new if chunk.restarted else self.content
            for offset, record in chunk.lines:
                tail = transcript.fold(tail, record, offset)
            self.content = replace(tail, size=chunk.position.offset)
            self.position, self.behind = chunk.position, chunk.more
            if not chunk.more and not self._goes_further_back():
                self.read_mark = mark
                return

    def _goes_further_back(self) -> bool:
        """Begins anew where no prompt was found: what ends here began further back."""
        found = self.content.turns or not self.content.begins
        if found or self.reach >= claude_files.FURTHEST_BYTES:
            return False
        self.reach *= FURTHER
        self.position, self.behind = None, True
        return True


def is_spoken_in(path: Path) -> bool:
    """Whether a transcript has messages, so that Claude Code can resume it; in doubt it has."""
    position, tail = None, transcript.EMPTY
    while position is None or position.offset < claude_files.FURTHEST_BYTES:
        chunk = claude_files.follow(path, position, sys.maxsize)
        for offset, record in chunk.lines:
            tail = transcript.fold(tail, record, offset)
        position = chunk.position
        if position is None or chunk.problems or tail.spoken:
            return True
        if not chunk.more:
            return False
    return True


def claude_process(session: Session, pane: Pane) -> Process | None:
    """The Claude Code process of a pane: the pane's own, or the child that says so itself.

    A launcher (``node``, ``env``) may stand in front; its child writes a registry file that names
    the pane.
    """
    beside_a_shell = session.process if not session.opened_by_us else None
    own = beside_a_shell or processes.identify(pane.pane_pid)
    if own is None:
        return None
    account = Path(session.account)
    if claude_files.read_small(claude_files.registry_path(account, own.pid)) is not None:
        return own
    for pid, text in claude_files.registry_entries(account):
        entry = parse_entry(text)
        if entry is None or entry.pane != pane.pane_id:
            continue
        if processes.descends_from(pid, own.pid):
            return processes.identify(pid)
    return own


def open_elsewhere(session: Session, job: str = "") -> bool:
    """Whether another living process has this session's conversation open.

    ``job``: the background job to which its own process gave it, which is no other.
    """
    if session.conversation is None:
        return False
    own = session.process.pid if session.process is not None else None
    return any(
        entry.conversation == session.conversation
        and entry.pid != own
        and not (job and entry.in_background and entry.job == job)
        for entry in living(session.account)
    )


def in_another_background(session: Session, conversation: str) -> bool:
    """Whether a hook of this session's tells of a conversation in the background that is not its.

    What begins in the agents view, and the spare processes behind it, run the hooks of the session
    that went there. Of its own one the registry file tells, which also knows why it began.
    """
    if conversation == session.conversation:
        return False
    facts = OwnFiles().registry(session)
    if facts is not None and facts.parked is not None:
        return True
    return any(
        entry.kind == "bg" and entry.conversation == conversation
        for entry in living(session.account)
    )


def living(account: str) -> Iterator[Entry]:
    """What the processes of Claude Code say that run with this configuration directory."""
    for pid, text in claude_files.registry_entries(Path(account)):
        entry = parse_entry(text)
        found = processes.identify(pid) if entry is not None else None
        if entry is None or found is None or entry.proc_start not in ("", found.started):
            continue
        if processes.life(found) is not processes.Life.ZOMBIE:
            yield entry
