"""`tmuxclaude serve` in an isolated home, and clients that write their requests by hand."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.api.home import Home
from tests.waiting import until

CONVERSATION = "0a1b2c3d-0000-4000-8000-000000000001"
NOTHING_SENT = ""


@dataclass(frozen=True)
class Answer:
    """``status`` 0: the other end closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Door:
    """``serve`` as its user runs it. ``process`` is ours to end."""

    home: Home
    arguments: tuple[str, ...] = ()
    umask: int = -1
    process: subprocess.Popen[str] = field(init=False)
    told: str = field(init=False)

    def __post_init__(self) -> None:
        self.process = self.home.popen("serve", *self.arguments, umask=self.umask)
        assert self.process.stdout is not None
        self.told = first = self.process.stdout.readline()
        assert self.told, self.process.communicate()[1]
        while first == "{\n" and not self.told.endswith("\n}\n"):
            self.told += self.process.stdout.readline()
        self.url: str = self.address["url"]
        self.token: str = self.address["token"]
        self.port = int(self.url.rpartition(":")[2])

    @property
    def file(self) -> Path:
        return self.home.paths.http

    @property
    def address(self) -> Any:
        return json.loads(self.file.read_text())

    def connect(self, patience: float = 20.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), patience)

    def head(self, method: str, path: str, **headers: str) -> bytes:
        """The lines before a body, right unless ``headers`` says otherwise.

        An underscore is a hyphen; ``NOTHING_SENT`` leaves a header out.
        """
        plain = {"Host": f"127.0.0.1:{self.port}", "Authorization": f"Bearer {self.token}"}
        if method == "POST":
            plain["Content-Type"] = "application/json"
        plain |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in plain.items() if value != NOTHING_SENT]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    def send(self, request: bytes) -> Answer:
        """What these bytes are answered with."""
        with self.connect() as connection:
            connection.sendall(request)
            return heard(connection)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = b"" if body is None else body
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        if body is not None:
            headers = {"Content_Length": str(len(content))} | headers
        return self.send(self.head(method, path, **headers) + content)

    def post(self, verb: str, **fields: Any) -> Answer:
        return self.ask("POST", f"/api/session/{verb}", fields)

    def sessions(self) -> list[Any]:
        """All that is kept, as the supervisor says it."""
        found: list[Any] = self.home.json("list", "--all")["sessions"]
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def heard(connection: socket.socket) -> Answer:
    """The answer that comes; the other end closes after it."""
    data = b""
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    if not data:
        return Answer(0, {}, b"")
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
    }
    return Answer(int(first.split()[1]), headers, body)


def me() -> dict[str, Any]:
    """What registers this very process."""
    return {"sessionId": CONVERSATION, "directory": "/tmp", "pid": os.getpid()}


def ended(process: subprocess.Popen[str]) -> int:
    """The exit code of a process that is to end by itself."""
    until(lambda: process.poll() is not None, what="serve ends")
    assert process.returncode is not None
    return process.returncode
