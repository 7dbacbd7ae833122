"""From the bytes of a terminal to keys, with the traps of Claude Code 2.1.329.

Two of its traps matter to whoever types from outside: an Escape that a character follows within
some 75 ms is that character with Alt, and one read of 67 characters or more with Enter in it
counts as a paste. Knows no screen and no box.
"""

from __future__ import annotations

ALT_WINDOW = 0.075
"""Seconds: after 50 ms the character was still lost, after 100 ms it was not."""
PASTE_FROM = 67
"""Characters in one read, Enter included."""
PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_CONTROL = {"\r": "enter", "\n": "newline", "\x7f": "backspace", "\x08": "backspace", "\t": "tab"}
_FINAL = {"A": "up", "B": "down"}


class Key:
    """`name`: text, paste, enter, newline, escape, alt, backspace, tab, up, down, other, or
    `ctrl-x`; `text` for the first two and for alt."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"{self.name}({self.text!r})" if self.text else self.name


class Keyboard:
    """Keeps what is not yet a whole key. `deadline`: when it is to be asked again (`expire`)."""

    def __init__(self) -> None:
        self._undecoded = b""
        self._pending = ""
        self.deadline: float | None = None

    def feed(self, data: bytes, now: float) -> list[Key]:
        """The keys that are complete with these bytes, which came in one read."""
        text = self._decode(data)
        keys = self._parse(self._pending + text)
        self.deadline = now + ALT_WINDOW if self._pending.startswith("\x1b") else None
        return keys

    def expire(self, now: float) -> list[Key]:
        """A lone Escape that nothing followed in time is the Escape key."""
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        if self._pending == "\x1b":
            self._pending = ""
            return [Key("escape")]
        return []

    def _decode(self, data: bytes) -> str:
        data = self._undecoded + data
        for cut in range(min(4, len(data) + 1)):
            whole = data[: len(data) - cut]
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                continue
            self._undecoded = data[len(whole) :]
            return text
        self._undecoded = b""
        return data.decode(errors="replace")

    def _parse(self, text: str) -> list[Key]:
        keys: list[Key] = []
        self._pending = ""
        while text:
            if text.startswith("\x1b"):
                key, used = _escape_sequence(text)
                if not used:
                    self._pending = text
                    break
                keys.append(key)
            else:
                run = text.split("\x1b", 1)[0]
                keys += _plain(run)
                used = len(run)
            text = text[used:]
        return keys


def _escape_sequence(text: str) -> tuple[Key, int]:
    """The key that `text` (it begins with ESC) begins with, and its length; 0: not whole yet."""
    if text.startswith(PASTE_BEGINS):
        end = text.find(PASTE_ENDS)
        if end < 0:
            return Key("other"), 0
        pasted = text[len(PASTE_BEGINS) : end].replace("\r\n", "\n").replace("\r", "\n")
        return Key("paste", pasted), end + len(PASTE_ENDS)
    if len(text) == 1:
        return Key("other"), 0
    if text[1] == "\x1b":
        return Key("escape"), 1
    if text[1] not in "[O":
        return Key("alt", text[1]), 2
    for at in range(2, len(text)):
        if "@" <= text[at] <= "~":
            return Key(_FINAL.get(text[at], "other") if at == 2 else "other"), at + 1
    return Key("other"), 0


def _plain(run: str) -> list[Key]:
    if len(run) >= PASTE_FROM and "\r" in run:
        return [Key("paste", run.replace("\r", "\n"))]
    keys: list[Key] = []
    text = ""
    for char in run:
        if char >= " " and char != "\x7f":
            text += char
            continue
        if text:
            keys.append(Key("text", text))
            text = ""
        keys.append(Key(_CONTROL.get(char) or f"ctrl-{chr(ord(char) + 96)}"))
    return [*keys, Key("text", text)] if text else keys
