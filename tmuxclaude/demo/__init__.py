"""The stand-in `claude` that the demo and the tests run in real tmux panes, and the demo itself.

`stand_in` makes an executable `claude` that plays one part; what parts there are stands in `part`.
Nothing of the stand-in knows how the house reads a screen or a file: it has its own recordings.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def stand_in(directory: Path, part: Mapping[str, object], log: Path | None = None) -> Path:
    """Write an executable `claude` into `directory` that plays `part`; give its path.

    The part stays with the program, so a relaunch in any environment plays it again. `log`: where
    the actor notes every byte that it was sent (see `log`); without it `ACTOR_LOG` counts.
    """
    import json  # here, because the actor imports this package and must start fast
    import shlex
    import sys
    from pathlib import Path

    given = {"ACTOR_PART": json.dumps(dict(part)), **({"ACTOR_LOG": str(log)} if log else {})}
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
    command = shlex.join([sys.executable, "-IS", str(Path(__file__).resolve().parent / "actor.py")])
    path = directory / "claude"
    path.write_text(f'#!/bin/sh\nexport {exports}\nexec {command} "$@"\n')
    path.chmod(0o755)
    return path
