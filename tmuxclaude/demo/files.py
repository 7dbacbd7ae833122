"""What Claude Code leaves in its configuration directory: the registry entry and the transcript.

Both are recorded records with their changing places filled in. Knows no screen and no limit rule.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import time
import zlib

from tmuxclaude.demo.part import Json
from tmuxclaude.demo.recorded import FOLDER


def new_id() -> str:
    """A random UUID (version 4)."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def config_directory() -> str:
    """Where Claude Code keeps its files."""
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")


def conversation_file(config: str, conversation: str) -> str | None:
    """Where a conversation lies that has records, in whatever project."""
    found = glob.glob(os.path.join(glob.escape(config), "projects", "*", f"{conversation}.jsonl"))
    return found[0] if found else None


def in_use(config: str, conversation: str) -> bool:
    """Whether an id has records, or a living process says that it is its own."""
    if conversation_file(config, conversation):
        return True
    for path in glob.glob(os.path.join(glob.escape(config), "sessions", "*.json")):
        try:
            with open(path, encoding="utf-8") as file:
                entry = json.load(file)
            os.kill(int(entry["pid"]), 0)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if entry.get("sessionId") == conversation:
            return True
    return False


def fill(template: object, fields: Json) -> object:
    """A recorded value with every string that is exactly `{field}` replaced by that field."""
    if isinstance(template, dict):
        return {key: fill(value, fields) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, fields) for value in template]
    if isinstance(template, str) and template.startswith("{") and template.endswith("}"):
        return fields[template[1:-1]]
    return template


def templates(name: str) -> Json:
    """A recorded JSON file."""
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as file:
        loaded: Json = json.load(file)
    return loaded


def iso(epoch: float) -> str:
    """An epoch as records write it: `2026-11-20T21:15:57.614Z`."""
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))
    return f"{seconds}.{int(epoch % 1 * 1000):03}Z"


class Registry:
    """`sessions/<pid>.json`: there while the prompt is, each time replaced as a whole."""

    def __init__(self, config: str, *, absent: bool, words: Json) -> None:
        self._absent = absent
        self._words = words
        self._path = os.path.join(config, "sessions", f"{os.getpid()}.json")
        self._template = templates("registry")
        self._started = int(time.time() * 1000)
        self._template["procStart"] = _process_start()

    def write(self, status: str, waiting_for: str, **fields: object) -> None:
        """`fields`: conversation, cwd, name, name_source, tmux (empty: not in tmux)."""
        if self._absent:
            return
        now = int(time.time() * 1000)
        times = {"started_ms": self._started, "now_ms": now}
        word = self._words.get(status, status)
        entry = fill(self._template, {"pid": os.getpid(), "status": word, **times, **fields})
        assert isinstance(entry, dict)
        if word is None:
            del entry["status"]
        if not entry["tmux"]:
            del entry["tmux"]
        if waiting_for:
            entry["waitingFor"] = waiting_for
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        beside = f"{self._path}.tmp"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(entry, file, separators=(",", ":"))
        os.replace(beside, self._path)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._path)


class Transcript:
    """`projects/<directory>/<conversation>.jsonl`. It exists once something was said."""

    def __init__(self, config: str, directory: str, conversation: str, *, absent: bool) -> None:
        folder = os.path.join(config, "projects", _encoded(directory))
        known = conversation_file(config, conversation)
        self.path = known or os.path.join(folder, f"{conversation}.jsonl")
        self.conversation = conversation
        self.messages = 0
        self._absent = absent
        self._directory = directory
        self._parent: str | None = None
        self._templates = templates("records")
        self._copied: list[Json] = []

    def fork(self, config: str, origin: str) -> None:
        """What was said in another conversation is written again with the first record of this."""
        other = Transcript(config, self._directory, origin, absent=False)
        self._copied = [record | {"sessionId": self.conversation} for record in other.read()]
        self._parent, self.messages = other._parent, other.messages

    def write(self, *kinds: str, **fields: object) -> None:
        """Append records of these kinds, one after another."""
        if self._absent:
            return
        text = "".join(map(_line, self._copied))
        self._copied = []
        for kind in kinds:
            record = fill(self._templates[kind], {**self._common(), **fields})
            assert isinstance(record, dict)
            if "uuid" in record:
                self._parent = str(record["uuid"])
                self.messages += 1
            text += _line(record)
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)

    def read(self) -> list[Json]:
        """The records so far."""
        try:
            with open(self.path, encoding="utf-8") as file:
                records: list[Json] = [json.loads(line) for line in file if line.endswith("\n")]
        except OSError:
            return self._copied
        ids = [str(record["uuid"]) for record in records if "uuid" in record]
        self._parent = ids[-1] if ids else None
        self.messages = len(ids)
        return records

    def _common(self) -> Json:
        random = os.urandom(8).hex()
        return {
            "uuid": new_id(),
            "parent": self._parent,
            "now": iso(time.time()),
            "cwd": self._directory,
            "conversation": self.conversation,
            "request": f"req_{random}",
            "message": f"msg_{random}",
            "messages": self.messages,
        }


def _line(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _encoded(directory: str) -> str:
    """The folder of a project: every UTF-16 unit that is no ASCII letter or digit is a dash."""
    units = directory.encode("utf-16-le", "surrogatepass")
    codes = (units[at] | units[at + 1] << 8 for at in range(0, len(units), 2))
    name = "".join(chr(code) if code < 128 and chr(code).isalnum() else "-" for code in codes)
    if len(name) <= 200:
        return name
    return f"{name[:200]}-{zlib.crc32(directory.encode()):06x}"[:207]


def _process_start() -> str:
    """Clock ticks since boot; a system without /proc has another measure, which we leave out."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[19].decode()
    except OSError:
        return ""
