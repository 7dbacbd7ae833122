"""Looks at everything that a session needs, and says what is wrong and how to mend it.

Starts nothing that stays and changes nothing. What is needed, ``app`` knows; here it is asked for.
One file for each kind of thing that is looked at.
"""

from __future__ import annotations

import os

from tmuxclaude import app
from tmuxclaude.chores.doctor import files, programs, watching
from tmuxclaude.chores.doctor.check import Check, checked, once
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.paths import Paths


def checks(where: Paths) -> list[Check]:
    """Every check, in the order in which a person would mend what is wrong."""
    rules: list[Rules] = []

    def configuration() -> Check:
        rules.append(app.rules(where))
        found = str(where.config) if where.config.exists() else "none; defaults are used"
        return Check("configuration", True, found)

    def claude() -> Check:
        if not rules:
            return Check("Claude Code", None, "not looked for: the configuration names it")
        return programs.claude(rules[0], os.environ)

    answer = watching.asked_once(where)
    found = [
        checked("tmux", programs.tmux),
        checked("tmux server", lambda: programs.tmux_server(os.environ)),
        checked("configuration", configuration),
        checked("Claude Code", claude),
        checked("fzf", lambda: programs.fzf(os.environ)),
        checked("directories", lambda: files.directories(where), files.OTHERS),
        checked("permissions", lambda: files.permissions(where)),
        checked("disk", lambda: files.disk(where)),
        checked("database", lambda: files.database(where)),
        *files.rows(where),
        checked("supervisor", lambda: watching.supervisor(answer)),
        checked("service", lambda: watching.service(where, os.environ, answer)),
        checked("hooks", lambda: watching.hooks(where, answer)),
        checked("clock", lambda: watching.clock(where, answer)),
        checked("time zone", lambda: watching.zone(os.environ)),
    ]
    return once(found)
