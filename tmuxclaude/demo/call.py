"""The command line: the few flags that count, and when Claude Code 2.1.329 refuses to start."""

from __future__ import annotations

from tmuxclaude.demo import files

_WITH_VALUE = frozenset(
    {
        "--model",
        "--permission-mode",
        "--add-dir",
        "--allowedTools",
        "--disallowedTools",
        "--tools",
        "--effort",
        "--agent",
        "--append-system-prompt",
        "--system-prompt",
        "--mcp-config",
        "--fallback-model",
        "--setting-sources",
    }
)
"""Flags that we ignore together with the word after them."""


class Call:
    """`resumed`: the conversation was there before. `forked`: the one that this is a fork of, or
    empty. `prompt`: the positional text, or empty."""

    def __init__(self, words: list[str]) -> None:
        self.conversation = ""
        self.resumed = False
        self.forked = ""
        self.name = ""
        self.settings: str | None = None
        self.prompt = ""
        self._forks = "--fork-session" in words
        rest = list(words)
        while rest:
            word = rest.pop(0)
            flag, equals, value = word.partition("=")
            if not flag.startswith("-"):
                self.prompt = word
            elif equals or flag in _WITH_VALUE | _OURS.keys():
                self._take(flag, value if equals else rest.pop(0) if rest else "")

    def _take(self, flag: str, value: str) -> None:
        name = _OURS.get(flag)
        if name:
            setattr(self, name, value)
            self.resumed = self.resumed or flag in ("--resume", "-r")

    def refusal(self, config: str) -> str:
        """The recorded error when this cannot be started; empty when it can. Fills in a new id."""
        if not self.conversation:
            self.conversation = files.new_id()
            return ""
        if self.resumed:
            if files.conversation_file(config, self.conversation):
                self._fork()
                return ""
            return f"No conversation found with session ID: {self.conversation}"
        if not _is_uuid(self.conversation):
            return "Error: Invalid session ID. Must be a valid UUID."
        if files.in_use(config, self.conversation):
            return f"Error: Session ID {self.conversation} is already in use."
        return ""

    def _fork(self) -> None:
        """With `--fork-session` it goes on under a new id."""
        if self._forks:
            self.forked, self.conversation = self.conversation, files.new_id()


_OURS = {
    "--session-id": "conversation",
    "--resume": "conversation",
    "-r": "conversation",
    "--name": "name",
    "-n": "name",
    "--settings": "settings",
}


def _is_uuid(text: str) -> bool:
    pieces = text.split("-")
    digits = all(c in "0123456789abcdefABCDEF" for c in text.replace("-", ""))
    return digits and [len(piece) for piece in pieces] == [8, 4, 4, 4, 12]
