"""The symbols that a user sees in tmux's status line and at the names of windows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields

LONGEST_SYMBOL = 20
"""Characters of one symbol."""

_MEANT_BY_TMUX = frozenset("#{},%$\\\"'`")


@dataclass(frozen=True, slots=True)
class Symbols:
    """What stands for what; ``gone`` is shown in place of everything without a supervisor.

    ``held`` stands besides what else is said of a session, ``paused`` besides all of them.
    """

    limited: str
    working: str
    waiting: str
    lost: str
    held: str
    paused: str
    gone: str


UNICODE = Symbols("⏳", "▶", "?", "↺", "‖", "⏸", "✗ tmuxclaude")
ASCII = Symbols("~", ">", "?", "!", "=", "paused", "tmuxclaude off")
NAMES = tuple(one.name for one in fields(Symbols))


def chosen(value: str | tuple[str, ...]) -> Symbols:
    """The symbols that ``status.symbols`` means: ``unicode``, ``ascii``, or all of them."""
    if isinstance(value, tuple):
        return Symbols(*value)
    return ASCII if value == "ascii" else UNICODE


def problem(symbol: str) -> str | None:
    """Why a symbol cannot be shown; ``None`` when it can."""
    if not symbol.strip() or len(symbol) > LONGEST_SYMBOL:
        return f"a symbol has 1 to {LONGEST_SYMBOL} characters"
    if not symbol.isprintable() or _MEANT_BY_TMUX & set(symbol):
        return f"a symbol is printable and has none of {' '.join(sorted(_MEANT_BY_TMUX))}"
    return None
