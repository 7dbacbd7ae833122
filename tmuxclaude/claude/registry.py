"""Claude Code's own registry file ``sessions/<pid>.json``: what one process says about itself.

Pure: text in, a value out. It is undocumented, so every field may be missing or change its shape;
what is not understood is unknown. The file outlives a ``kill -9``: whether the process that wrote
it still lives (pid and ``proc_start``) is for others to check. Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmuxclaude.claude import fields
from tmuxclaude.core.evidence import Busy, RegistryFacts

_PANE = re.compile(r"%[0-9]{1,9}", re.ASCII)
_PROC_START = re.compile(r"[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One process of Claude Code. Texts are empty, other fields ``None``, when unknown.

    ``proc_start``: the process start as the kernel tells it (``core.model.Process.started``).
    ``status`` is ``None`` also where Claude Code writes none: in its picker of conversations, whose
    ``conversation`` is a throw-away. ``kind``: ``interactive`` is a session in a terminal.
    ``pane``: the tmux pane id that the process was started in (``%59``).
    """

    pid: int
    proc_start: str = ""
    conversation: str = ""
    cwd: str = ""
    status: Busy | None = None
    waiting_for: str = ""
    name: str = ""
    updated_at: float | None = None
    version: str = ""
    kind: str = ""
    pane: str = ""

    @property
    def facts(self) -> RegistryFacts | None:
        """What counts as evidence; nothing without a conversation."""
        if not self.conversation:
            return None
        return RegistryFacts(self.conversation, self.status, self.waiting_for)


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
    )


def _status(word: str) -> Busy | None:
    try:
        return Busy(word)
    except ValueError:
        return None


def _pane(target: str) -> str:
    """The pane of ``session:@window.%pane``; the session's name may hold any of these signs."""
    pane = target.rpartition(".")[2]
    return pane if _PANE.fullmatch(pane) else ""
