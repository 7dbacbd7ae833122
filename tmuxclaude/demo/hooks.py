"""Settings, and the hooks in them run the way Claude Code 2.1.329 runs them.

A hook is a line of shell with the event as JSON on its standard input. Also the one place where
the actor starts other programs at all (`run`).
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

from tmuxclaude.demo.part import Json

Payload = dict[str, object]
_DEFAULTED = [signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE]
"""Signals that a started program must not inherit as ignored."""


class Settings:
    """The user's `settings.json` with what `--settings` adds (a file or JSON text)."""

    def __init__(self, config: str, given: str | None) -> None:
        self.user = _read(os.path.join(config, "settings.json"))
        self.given = _read(given) if given else {}

    @property
    def native(self) -> bool:
        """`autoContinueAtUsageLimit`, which is on unless it is switched off."""
        both = {**self.user, **self.given}
        return both.get("autoContinueAtUsageLimit") is not False

    def hooks(self, event: str, what: str) -> list[tuple[str, float]]:
        """Commands and their time-outs (s) for an event; `what` is what a matcher looks at."""
        found = []
        for settings in (self.user, self.given):
            groups = _dict(settings.get("hooks")).get(event)
            for group in groups if isinstance(groups, list) else []:
                matcher = str(group.get("matcher") or "*")
                if matcher != "*" and what not in matcher.split("|"):
                    continue
                for hook in group.get("hooks", []):
                    if hook.get("type") == "command":
                        found.append((str(hook["command"]), float(hook.get("timeout", 60))))
        return found


def run_hooks(commands: list[tuple[str, float]], payload: Payload, env: dict[str, str]) -> None:
    """Run them one after another. The actor waits for each at most two seconds."""
    data = json.dumps(payload, ensure_ascii=False).encode()
    for command, timeout in commands:
        run(["/bin/sh", "-c", command], data, env, min(timeout, 2.0))


def run(words: list[str], data: bytes, env: dict[str, str], timeout: float) -> str:
    """What a program prints within `timeout` seconds; then it is left alone."""
    inward, outward = os.pipe(), os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, inward[0], 0),
        (os.POSIX_SPAWN_DUP2, outward[1], 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        pid = os.posix_spawnp(words[0], words, env, file_actions=actions, setsigdef=_DEFAULTED)
    except OSError:
        pid = 0
    os.close(inward[0])
    os.close(outward[1])
    printed = b""
    try:
        if pid:
            os.write(inward[1], data[:65536])
        os.close(inward[1])
        printed = _read_all(outward[0], time.monotonic() + timeout) if pid else b""
    except BrokenPipeError:
        os.close(inward[1])
    os.close(outward[0])
    return printed.decode(errors="replace")


def _read_all(descriptor: int, until: float) -> bytes:
    data = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            data += piece
    return data


def _read(text: str) -> Json:
    """Settings from a file or from JSON text; empty when there are none."""
    try:
        if not text.lstrip().startswith("{"):
            with open(text, encoding="utf-8") as file:
                text = file.read()
        return _dict(json.loads(text))
    except (OSError, ValueError):
        return {}


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}
