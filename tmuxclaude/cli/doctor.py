"""doctor: looks at everything that tmuxclaude needs and says what is missing."""

from __future__ import annotations

import click

from tmuxclaude import app
from tmuxclaude.cli import show
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core.errors import UnreachableError

MARKS = {True: "ok", False: "MISSING", None: "note"}


@click.command("doctor", cls=Verb)
@as_json
def doctor_command(as_json: bool) -> int:
    """Check tmux, Claude Code, our files and the supervisor; exit code 5 when one is missing."""
    checks = app.doctor(app.paths())
    if as_json:
        data = [
            {"name": one.name, "ok": one.ok, "text": one.text, "mend": one.mend} for one in checks
        ]
        show.out(show.json_text({"checks": data}))
    else:
        rows = [(MARKS[one.ok], one.name, one.text) for one in checks]
        show.out(show.table(("", "CHECK", "FOUND"), rows))
        for one in checks:
            if one.mend and one.ok is not True:
                show.out(show.visible(f"{one.name}: {one.mend}"))
    return UnreachableError.exit_code if any(one.ok is False for one in checks) else 0
