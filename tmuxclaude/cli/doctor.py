"""doctor: looks at everything that tmuxclaude needs and says what is wrong."""

from __future__ import annotations

import click

from tmuxclaude import app
from tmuxclaude.chores import doctor
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verb, as_json

BROKEN = 1
"""The exit code when something is wrong: of the machine, so it is no error of ours."""

MARKS = {True: "ok", False: "wrong", None: "note"}


@click.command("doctor", cls=Verb)
@as_json
def doctor_command(as_json: bool) -> int:
    """Check all that is needed, and say how to mend it; exit code 1 when something is wrong.

    tmux, Claude Code, our files, the database, the supervisor and its service, hooks, clocks.
    """
    checks = doctor.checks(app.paths())
    if as_json:
        data = [
            {"name": one.name, "ok": one.ok, "text": one.text, "mend": one.mend} for one in checks
        ]
        layout.out(layout.json_text({"checks": data}))
    else:
        for one in checks:
            layout.out(layout.visible(f"{MARKS[one.ok]:<5}  {one.name:<13}  {one.text}"))
            if one.mend and one.ok is not True:
                layout.out(layout.visible(f"{'':<22}{one.mend}"))
    return BROKEN if any(one.ok is False for one in checks) else 0
