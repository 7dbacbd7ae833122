"""What the actor was sent and what it made of it, for tests: one JSON object a line.

Every line has `t` (epoch) and `pid`. `bytes` are those of one read, exactly (surrogate escapes for
what is no UTF-8), also when they mean nothing to it. `event` is `start`, `submit` (with `text`),
`row` (a dialog's row that was chosen), `lost` (a key that a dialog swallowed), `armed`, `fired`,
`limit`, `dies`, `exit`.
"""

from __future__ import annotations

import json
import os
import time


class Log:
    """Appends to the file that `ACTOR_LOG` names; without it, nothing."""

    def __init__(self) -> None:
        path = os.environ.get("ACTOR_LOG", "")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600) if path else None

    def bytes(self, data: bytes) -> None:
        self._line({"bytes": data.decode(errors="surrogateescape")})

    def event(self, event: str, **more: object) -> None:
        self._line({"event": event, **more})

    def _line(self, what: dict[str, object]) -> None:
        if self._file is not None:
            line = json.dumps({"t": time.time(), "pid": os.getpid(), **what}) + "\n"
            os.write(self._file, line.encode())
