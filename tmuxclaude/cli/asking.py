"""One question to the supervisor by whoever is in a hurry: a line out, a line in, within a time.

``api/client`` checks every answer and costs four times the start of Python; this knows bytes only.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 64 * 1024
"""Bytes of a question, as the supervisor takes them (``wire.MAX_BYTES``)."""


class NobodyError(Exception):
    """There is no supervisor."""


class SilentError(Exception):
    """There is one, and it does not answer in time."""


def ask(socket: str, question: bytes, deadline: float) -> dict[str, Any]:
    """The answer to a line of JSON. ``deadline``: ``time.monotonic`` seconds.

    Raises ``NobodyError`` or ``SilentError``.
    """
    import _socket
    import json

    door = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        door.settimeout(_left(deadline))
        door.connect(socket)
        door.sendall(question + b"\n")
        inbox = b""
        while b"\n" not in inbox:
            door.settimeout(_left(deadline))
            chunk: bytes = door.recv(65536)
            if not chunk:
                raise SilentError
            inbox += chunk
        answer: dict[str, Any] = json.loads(inbox.partition(b"\n")[0])
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NobodyError from None
    except (OSError, ValueError):
        raise SilentError from None
    finally:
        door.close()
    return answer


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)
