"""Claude Code's own registry file ``sessions/<pid>.json``: what one process says about itself.

Pure: text in, a value out. It is undocumented, so every field may be missing or change its shape;
what is not understood is unknown. The file outlives a ``kill -9``: whether the process that wrote
it still lives (pid and ``proc_start``) is for others to check. Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tmuxclaude.claude import fields
from tmuxclaude.core.evidence import RegistryFacts, Status
from tmuxclaude.core.parked import Parked

_PANE = re.compile(r"%[0-9]{1,9}", re.ASCII)
_PROC_START = re.compile(r"[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One process of Claude Code. Texts are empty, other fields ``None``, when unknown.

    ``proc_start``: the process start as the kernel tells it (``core.model.Process.started``).
    ``status`` is ``None`` also where Claude Code writes none: in its picker of conversations, whose
    ``conversation`` is a throw-away. ``kind``: ``interactive`` is a session in a terminal, ``bg``
    one in the background. ``pane``: the tmux pane id that the process was started in (``%59``).
    ``job``: what Claude Code calls a background conversation. ``parked``: the job to which this
    process gave its conversation when its user went to the agents view; the rest of its entry is
    out of date from then on. ``spare``: it waits in the background for a conversation to come.
    """

    pid: int
    proc_start: str = ""
    conversation: str = ""
    cwd: str = ""
    status: Status | None = None
    waiting_for: str = ""
    name: str = ""
    updated_at: float | None = None
    version: str = ""
    kind: str = ""
    pane: str = ""
    job: str = ""
    parked: str = ""
    spare: bool = False
    started_at: float | None = None

    @property
    def facts(self) -> RegistryFacts | None:
        """What counts as evidence; nothing without a conversation."""
        if not self.conversation:
            return None
        return RegistryFacts(
            self.conversation, self.status, self.waiting_for, began_at=self.started_at
        )

    @property
    def in_background(self) -> bool:
        """Whether it has a conversation in the background, which the agents view can show."""
        return self.kind == "bg" and not self.spare


def parse(text: str) -> Entry | None:
    """What the file says, or ``None`` when it is no JSON object with a pid."""
    record = fields.read_object(text)
    pid = fields.whole(record, "pid") if record is not None else None
    if record is None or not pid:
        return None
    proc_start = fields.string(record, "procStart")
    return Entry(
        pid=pid,
        proc_start=proc_start if _PROC_START.fullmatch(proc_start) else "",
        conversation=fields.uuid(record, "sessionId"),
        cwd=fields.string(record, "cwd", limit=4096),
        status=_status(fields.string(record, "status")),
        waiting_for=fields.string(record, "waitingFor"),
        name=fields.string(record, "name"),
        updated_at=fields.epoch(record, "updatedAt", per_second=1000.0),
        version=fields.string(record, "version"),
        kind=fields.string(record, "kind"),
        pane=_pane(fields.string(record, "tmux")),
        job=fields.string(record, "jobId"),
        parked=fields.string(record, "parkedJobId"),
        spare=record.get("spare") is True,
        started_at=fields.epoch(record, "startedAt", per_second=1000.0),
    )


def parked(own: Entry, living: Iterable[Entry]) -> RegistryFacts:
    """What counts as evidence of a pane whose process has parked its conversation.

    ``living``: the entries of processes that run. Conversation and status are those of the job;
    there is neither while no process has it.
    """
    background = [entry for entry in living if entry.in_background]
    its = next((entry for entry in background if entry.job == own.parked), None)
    if its is None or not its.conversation:
        return RegistryFacts("", parked=Parked(own.parked, own.updated_at, found=False))
    moved = its.conversation.startswith(own.parked)  # else it was cleared since
    about = Parked(
        own.parked,
        own.updated_at,
        name=its.name,
        others=frozenset(entry.name for entry in background if entry is not its),
        copied_from=own.conversation if moved else "",
        began_at=its.started_at,
    )
    return RegistryFacts(its.conversation, its.status, its.waiting_for, about, its.started_at)


def _status(word: str) -> Status | None:
    try:
        return Status(word)
    except ValueError:
        return None


def _pane(target: str) -> str:
    """The pane of ``session:@window.%pane``; the session's name may hold any of these signs."""
    pane = target.rpartition(".")[2]
    return pane if _PANE.fullmatch(pane) else ""
