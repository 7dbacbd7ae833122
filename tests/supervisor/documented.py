"""The conversation in docs/api.md, held with a real supervisor.

Ids, paths and process numbers stand in the page as somebody's; what the supervisor gives here takes
their place as it comes.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "api.md"

LEARNED = frozenset({"uid", "session_id", "sessionId", "nonce", "attempt"})
"""Fields of answers whose value is asked with later."""

Json = dict[str, Any]


def blocks(language: str) -> list[str]:
    """The code of this language in the page, block by block."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def exchanges() -> list[tuple[Json, list[str]]]:
    """Each request of the conversation, and its answers as they are written there."""
    found: list[tuple[Json, list[str]]] = []
    for line in "".join(blocks("json")).splitlines():
        if line.startswith("> "):
            found.append((json.loads(line[2:]), []))
        else:
            found[-1][1].append(line.removeprefix("< "))
    return found


def same_shape(told: Any, real: Any) -> bool:
    """Whether a value is of the form that the page shows.

    ``…`` in it stands for more fields, or for any items; a ``null`` can be anything.
    """
    match told, real:
        case (None, _) | (["…"], list()):
            return True
        case dict(), dict():
            known = told.keys() - {"…"}
            same = {key for key in known & real.keys() if same_shape(told[key], real[key])}
            return same == known and (len(known) < len(told) or known == real.keys())
        case list(), list():
            return bool(told) == bool(real) and all(same_shape(told[0], one) for one in real)
        case ((int() | float()), (int() | float())):
            return isinstance(told, bool) == isinstance(real, bool)
    return type(told) is type(real)


def written(answer: str) -> Json:
    """An answer of the page as a value: ``…`` in place of fields or items becomes one."""
    text = answer.replace("[…]", '["…"]').replace(",…}", ',"…":0}').replace(",…]", "]")
    found: Json = json.loads(text)
    return found


class Talk:
    """One connection to the supervisor, and what the words of the page mean here."""

    def __init__(self, path: Path, meanings: dict[Any, Any]) -> None:
        self.path = path
        self.meanings = meanings
        self.connect()

    def connect(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(15)
        self.socket.connect(str(self.path))
        self.lines = self.socket.makefile("rwb")

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def say(self, request: Json) -> None:
        self.lines.write(json.dumps(self.meant(request)).encode() + b"\n")
        self.lines.flush()

    def hear(self, told: Json) -> Json:
        """The next answer. What the page calls its ids is known from now on."""
        answer: Json = json.loads(self.lines.readline())
        for key in LEARNED & told.keys() & answer.keys():
            self.meanings[told[key]] = answer[key]
        if told.get("checkpoints") and answer.get("checkpoints"):
            self.meanings[told["checkpoints"][0]["id"]] = answer["checkpoints"][0]["id"]
        return answer

    def meant(self, value: Any) -> Any:
        match value:
            case dict():
                return {key: self.meant(one) for key, one in value.items()}
            case list():
                return [self.meant(one) for one in value]
            case bool():
                return value
            case str() | int():
                return self.meanings.get(value, value)
        return value
