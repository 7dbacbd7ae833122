"""Marks behind the names of windows, and how each name is put back exactly as it was.

Names are anybody's text, so none passes through us: tmux itself keeps a window's own name in an
option of that window, and puts it back from there. Whatever else is needed for that stands there
too, so that it can be done after a crash of ours, by whoever comes next. A window whose name is no
longer the one that we made was renamed by its user, and keeps that.

Knows tmux's windows and options; which window gets which mark, others have decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux.words import Command, Fmt, Id, Lit, Script, command

_NAME = "@tmuxclaude-name"
_MARKED = "@tmuxclaude-mark"
_MARKED_FOR = "@tmuxclaude-mark-of"
_AUTOMATIC = "@tmuxclaude-mark-auto"

OWN_NAME = f"#{{?#{{==:#{{window_name}},#{{{_MARKED}}}}},#{{{_NAME}}},#{{window_name}}}}"
"""A format for the name of a window without our mark. Who wants to know whether a user renamed a
window compares this, so that a mark is no new name."""

# tmux 3.3a writes a backslash before some characters of a name that it is given, so a name that
# has one would not come back as it was. Such a window is left alone.
_COMES_BACK = "#{m/r:^[^\\\\]*$,#{window_name}}"
_UNTOUCHED = f"#{{==:#{{window_name}},#{{{_MARKED}}}}}"
_WINDOW = re.compile(r"(@\d+):([0-9a-f]{32})")


def automatic(pane: Pane) -> Command:
    """Asks for ``on`` or ``off`` where the pane's window has an ``automatic-rename`` of its own."""
    return command("show-options", "-w", "-q", "-v", "-t", Id(pane.pane_id), "automatic-rename")


def marked(pane: Pane, name: str, mark: str, automatic: str) -> tuple[Command, ...]:
    """Commands that put ``mark`` behind the name of the pane's window, in place of an older one.

    ``name``: the session's. A window that its user renamed after it was marked is marked anew only
    when it has that name now. ``automatic``: the answer to the question above.
    """
    target = Id(pane.pane_id)
    ours = f"#{{==:#{{{_MARKED_FOR}}},{pane.nonce}}}"
    again = f"#{{&&:{ours},{_UNTOUCHED}}}"
    free = f"#{{||:#{{?{_MARKED},0,1}},#{{&&:{ours},#{{==:#{{window_name}},{name}}}}}}}"
    first = f"#{{&&:{_COMES_BACK},{free}}}"
    renamed = (
        command("rename-window", "-t", target, "--", Fmt(f"#{{{_NAME}}}{mark}")),
        _set(target, _MARKED, Fmt("#{window_name}")),
    )
    kept = (
        _set(target, _NAME, Fmt("#{window_name}")),
        _set(target, _MARKED_FOR, Lit(pane.nonce)),
        _set(target, _AUTOMATIC, Lit(automatic or "none")),
    )
    begin = _when(target, first, Script((*kept, *renamed)))
    return (_when(target, again, Script(renamed), Script((begin,))),)


def all_marked() -> tuple[Command, str]:
    """Asks for every window that has a mark, with a row for ``windows``.

    The command wants the format behind it.
    """
    row = f"#{{?{_MARKED},#{{window_id}}:#{{{_MARKED_FOR}}},}}"
    return command("list-windows", "-a", "-F"), row


def windows(rows: Iterable[str]) -> dict[str, str]:
    """For whom (the nonce of its pane) each marked window is, by its id."""
    found = (_WINDOW.fullmatch(row) for row in rows)
    return {match[1]: match[2] for match in found if match is not None}


def put_back(window_id: str, nonce: str) -> Command:
    """Takes the mark from this window, if it is still marked for this pane."""
    target = Id(window_id)
    same = f"#{{&&:#{{==:#{{window_id}},{window_id}}},#{{==:#{{{_MARKED_FOR}}},{nonce}}}}}"
    # The renaming switched automatic-rename off in this window.
    on = command("set-option", "-w", "-t", target, "automatic-rename", "on")
    inherited = command("set-option", "-w", "-u", "-t", target, "automatic-rename")
    restored = (
        command("rename-window", "-t", target, "--", Fmt(f"#{{{_NAME}}}")),
        _when(target, f"#{{==:#{{{_AUTOMATIC}}},on}}", Script((on,))),
        _when(target, f"#{{==:#{{{_AUTOMATIC}}},none}}", Script((inherited,))),
    )
    forgotten = (
        command("set-option", "-w", "-u", "-t", target, option)
        for option in (_NAME, _MARKED, _MARKED_FOR, _AUTOMATIC)
    )
    return _when(target, same, Script((_when(target, _UNTOUCHED, Script(restored)), *forgotten)))


def _set(target: Id, option: str, value: Fmt | Lit) -> Command:
    return command("set-option", "-w", "-F", "-t", target, option, value)


def _when(target: Id, condition: str, *branches: Script) -> Command:
    return command("if-shell", "-F", "-t", target, Fmt(condition), *branches)
