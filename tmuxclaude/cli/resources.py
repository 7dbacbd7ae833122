"""What the sessions take of this machine, as ``status`` and ``show`` tell it.

``status`` is quick, so this knows the answer of the supervisor as plain data, by the fields that
``api/wire/resources`` gives it.
"""

from __future__ import annotations

from tmuxclaude.cli import asking, layout
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.shown import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = dict[str, Any]

MEMORY, CPU = "memory_bytes", "cpu_percent"


def ask(socket: str, deadline: float) -> Row | None:
    """What the supervisor has measured; ``None`` when it does not say, or is too old to know."""
    try:
        answer = asking.ask(socket, b'{"type":"resources"}', deadline)
        return layout.untagged(answer) if answer["type"] == "measured" else None
    except (asking.NobodyError, asking.SilentError, KeyError, TypeError):
        return None


def lines(found: Row | None, now: float) -> list[tuple[str, str]]:
    """What all sessions take and what is free, by names; nothing when nobody says."""
    if found is None:
        return []
    total, sessions = found["total"], found["sessions"]
    unwell = [f"{one['name']} is {one['health']}" for one in sessions if _is_unwell(one)]
    return [
        ("slots", _slots(total)),
        ("memory", f"{_memory(total)} ({_when(found, MEMORY, now)})"),
        ("processors", f"{_cpu(total)} ({_when(found, CPU, now)})"),
        *([("unwell", ", ".join(unwell))] if unwell else []),
    ]


def of_account(found: Row | None, directory: str) -> str:
    """What the sessions of an account take of its own budgets, to end a line about it with."""
    for share in [] if found is None else found["accounts"]:
        if share["account"] == directory:
            own = [
                ("slots", share["slots_allowed"], _slots),
                ("memory", share[f"{MEMORY}_allowed"], _memory),
                ("processors", share[f"{CPU}_allowed"], _cpu),
            ]
            return "".join(f"; {name} {tell(share)}" for name, allowed, tell in own if allowed)
    return ""


def of_one(found: Row | None, uid: str) -> Row | None:
    """What is told of this session; ``None`` when nobody says, or it has no process."""
    sessions = [] if found is None else found["sessions"]
    return next((one for one in sessions if one["uid"] == uid), None)


def of_session(use: Row | None, now: float) -> str:
    """What one session takes; empty when nobody says."""
    if use is None:
        return ""
    if use["measured_at"] is None:
        return "not measured yet"
    memory, cpu = use[MEMORY], use[CPU]
    told = [
        "memory unknown" if memory is None else f"{size(memory)} of memory",
        "processors not known yet" if cpu is None else f"{_percent(cpu)} of the processors",
    ]
    trouble = f"; it is {use['health']}" if _is_unwell(use) else ""
    return f"{', '.join(told)}{trouble} ({layout.span(now - use['measured_at'])} ago)"


def _is_unwell(use: Row) -> bool:
    return use["health"] not in (None, "well")


def _when(found: Row, key: str, now: float) -> str:
    """When it was measured, and how many sessions are not in the sum."""
    if found["measured_at"] is None:
        return "not measured yet"
    left = sum(one[key] is None for one in found["sessions"])
    ago = f"{layout.span(now - found['measured_at'])} ago"
    return f"{ago}; {counted(left, 'session')} not measured yet" if left else ago


def _slots(share: Row) -> str:
    taken, allowed = share["slots_taken"], share["slots_allowed"]
    if allowed is None:
        return f"{taken} taken, any number allowed"
    return f"{share['slots_free']} of {allowed} free"


def _memory(share: Row) -> str:
    return _taken(share, MEMORY, size)


def _cpu(share: Row) -> str:
    return _taken(share, CPU, _percent)


def _taken(share: Row, key: str, words: Callable[[float], str]) -> str:
    taken, allowed = share[key], share[f"{key}_allowed"]
    told = "unknown" if taken is None else words(taken)
    return told if allowed is None else f"{told} of {words(allowed)}"


def _percent(value: float) -> str:
    return f"{value:.0f} %"
