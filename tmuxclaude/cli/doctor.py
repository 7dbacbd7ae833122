"""doctor: looks at everything that tmuxclaude needs and says what is wrong."""

from __future__ import annotations

import click

from tmuxclaude import app, doctor
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core.errors import UnreachableError

MARKS = {True: "ok", False: "wrong", None: "note"}


@click.command("doctor", cls=Verb)
@as_json
def doctor_command(as_json: bool) -> int:
    """Check tmux, Claude Code, our files and the supervisor; exit code 5 when one is wrong."""
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
    return UnreachableError.exit_code if any(one.ok is False for one in checks) else 0
