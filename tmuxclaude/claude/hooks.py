"""Claude Code's hooks: how ours are registered for one run, what they write down, what it means.

A hook drops one file into the spool and ends; it asks nobody and waits for nobody. Pure: this
module knows the settings' shape, the payloads and the few lines of shell; it touches no file.
Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tmuxclaude.claude import fields

TIMEOUT_SECONDS = 5
"""After this Claude Code kills the hook; ours takes a few milliseconds."""

PAYLOAD_BYTES = 1_048_576
"""What the spool script keeps of one payload; a longer one is cut and then reads as nothing."""

SPOOL_SCRIPT = f"""\
# Keep what Claude Code tells a hook, for the supervisor to take in. $1: the spool, $2: the nonce.
# Asks nobody, waits for nobody, never fails; without a spool nobody wants to know.
umask 077
file=$(mktemp "$1/$2.XXXXXXXX" 2>/dev/null) || exit 0
if head -c {PAYLOAD_BYTES} >"$file" 2>/dev/null; then
    mv -f "$file" "$file.json" 2>/dev/null
else
    rm -f "$file"
fi
exit 0
"""
"""POSIX sh. A file is complete when its name ends in ``.json``; the nonce says whose it is."""


class Hook(StrEnum):
    """The events that we ask to be told of, under Claude Code's names."""

    SESSION_START = "SessionStart"
    SESSION_END = "SessionEnd"
    USER_PROMPT_SUBMIT = "UserPromptSubmit"
    STOP = "Stop"
    STOP_FAILURE = "StopFailure"
    NOTIFICATION = "Notification"
    PERMISSION_REQUEST = "PermissionRequest"


@dataclass(frozen=True, slots=True)
class HookEvent:
    """One event. Texts are empty where the event has no such field.

    ``source`` of a SessionStart: startup, resume, clear, compact, fork. ``reason`` of a SessionEnd:
    clear, prompt_input_exit, other and more. ``error`` of a StopFailure: ``rate_limit`` is a usage
    limit and a plain 429 alike. ``message``: what a Notification says, or the reply or error text
    that a turn ended with. ``tool``: what a PermissionRequest is for. ``subagent``: it happened in
    a subagent, not in the conversation itself.
    """

    kind: Hook
    conversation: str
    transcript_path: str = ""
    cwd: str = ""
    source: str = ""
    reason: str = ""
    error: str = ""
    message: str = ""
    notification_type: str = ""
    prompt: str = ""
    tool: str = ""
    subagent: bool = False


def settings(spool_command: Sequence[str]) -> dict[str, object]:
    """The settings that register ``spool_command`` (an argv) for every event of ``Hook``."""
    entry = {
        "type": "command",
        "command": shlex.join(spool_command),
        "timeout": TIMEOUT_SECONDS,
    }
    return {"hooks": {hook.value: [{"hooks": [dict(entry)]}] for hook in Hook}}


def told_at_start(hooks: dict[str, object], file: str) -> dict[str, object]:
    """``hooks`` as ``settings`` gave them, with one that hands over what ``file`` holds (see
    ``context``) when a conversation begins; a missing file is nothing."""
    words = ["/bin/sh", "-c", 'cat "$0" 2>/dev/null; exit 0', file]
    entry = {"type": "command", "command": shlex.join(words), "timeout": TIMEOUT_SECONDS}
    return merge(hooks, {"hooks": {"SessionStart": [{"matcher": "startup", "hooks": [entry]}]}})


def context(text: str) -> dict[str, object]:
    """What a hook prints at SessionStart so that Claude knows ``text`` from the beginning."""
    told = {"hookEventName": Hook.SESSION_START.value, "additionalContext": text}
    return {"hookSpecificOutput": told}


def merge(ours: dict[str, object], theirs: dict[str, object]) -> dict[str, object]:
    """The user's settings with our hooks after theirs; neither argument is changed.

    Only the last ``--settings`` counts for Claude Code, so the two must become one. A ``hooks`` of
    the user's that is no object is left as it is, for Claude Code to complain about: then there are
    no hooks of ours.
    """
    wanted, given = ours.get("hooks"), theirs.get("hooks") or {}
    merged = ours | theirs
    if isinstance(wanted, dict) and isinstance(given, dict):
        hooks = dict(given)
        for event, entries in wanted.items():
            before = hooks.get(event, [])
            if isinstance(before, list):
                hooks[event] = [*before, *entries]
        merged["hooks"] = hooks
    return merged


def parse(text: str) -> HookEvent | None:
    """What one spool file says, or ``None`` when it is no event that we asked for."""
    record = fields.read_object(text)
    if record is None:
        return None
    try:
        kind = Hook(fields.string(record, "hook_event_name"))
    except ValueError:
        return None
    conversation = fields.uuid(record, "session_id")
    if not conversation:
        return None
    return HookEvent(
        kind=kind,
        conversation=conversation,
        transcript_path=fields.string(record, "transcript_path", limit=4096),
        cwd=fields.string(record, "cwd", limit=4096),
        source=fields.string(record, "source"),
        reason=fields.string(record, "reason"),
        error=fields.string(record, "error"),
        message=fields.string(record, "message") or fields.string(record, "last_assistant_message"),
        notification_type=fields.string(record, "notification_type"),
        prompt=fields.string(record, "prompt", limit=4096),
        tool=fields.string(record, "tool_name"),
        subagent=bool(fields.string(record, "agent_id")),
    )
