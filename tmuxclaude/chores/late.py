"""What ``run`` leaves for a supervisor that is late: the session's hooks, and its own registration.

The process goes on to be Claude Code. The supervisor finds in the spool who it is, and keeps it as
if it had asked in time.
"""

from __future__ import annotations

import os
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.edges import processes, spool
from tmuxclaude.edges.paths import Paths
from tmuxclaude.supervisor.settings import SettingsFiles, given


def leave(line: bytes) -> Path:
    """Leaves this process to be kept later; the settings file that Claude Code must be given.

    ``line``: the ``wire.Run`` that nobody has answered. Raises an error of ours when nothing can be
    left; then there is nothing.
    """
    order = wire.decode_request(line)
    me = processes.identify(os.getpid())
    if not isinstance(order, wire.Run) or order.uid is None or me is None:
        raise RefusedError("it does not say who it is")
    where = Paths.from_environment(os.environ)
    where.ensure()
    files, theirs = SettingsFiles(where.hooks, where.spool), given(order.settings, order.directory)
    late = wire.Late(run=order, started=me.started, boot=me.boot)
    try:
        settings = files.write(order.uid, theirs)
        try:
            spool.leave(where.spool, me.pid, wire.encode(late).decode())
        except BaseException:
            files.remove(order.uid)
            raise
    except OSError as problem:
        raise RefusedError(f"{problem.filename}: {problem.strerror}") from problem
    return settings
