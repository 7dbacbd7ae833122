"""doctor: looks at everything that tmuxclaude needs and says what is wrong."""

from __future__ import annotations

import textwrap

import click

from tmuxclaude import app
from tmuxclaude.chores import doctor
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verb, as_json

BROKEN = 1
"""The exit code when something is wrong: of the machine, so it is no error of ours."""

LEFT = 22
"""How wide what stands before the text is."""

MARKS = {True: "ok", False: "wrong", None: "note"}


@click.command("doctor", cls=Verb)
@as_json
def doctor_command(as_json: bool) -> int:
    """Check all that is needed, and say how to mend it.

    Exit code 1 when something is wrong. tmux, Claude Code, our files, the database, the supervisor
    and its service, hooks, clocks.
    """
    checks = doctor.checks(app.paths())
    if as_json:
        data = [
            {"name": one.name, "ok": one.ok, "text": one.text, "mend": one.mend} for one in checks
        ]
        layout.out(layout.json_text({"checks": data}))
    else:
        for one in checks:
            first, *more = _lines(one.text) or [""]
            layout.out(f"{MARKS[one.ok]:<5}  {one.name:<13}  {first}")
            for line in [*more, *(_lines(one.mend) if one.ok is not True else ())]:
                layout.out(f"{'':<{LEFT}}{line}")
    return BROKEN if any(one.ok is False for one in checks) else 0


def _lines(text: str) -> list[str]:
    """In lines that fit beside the names; in one where nothing is cut."""
    room, text = layout.room(), layout.visible(text)
    if room is None or not text:
        return [text] if text else []
    return textwrap.wrap(text, max(room - LEFT, LEFT), break_on_hyphens=False)
