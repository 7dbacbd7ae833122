"""The shells that we write lines for: where each reads its own, and how our lines are said in it.

Knows bash, zsh and fish. Touches no file: paths and text come out, whoever installs writes them.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_POSIX_WRAPPER = """\
function claude {{
    if [ -x {command} ] && [ -x {python} ]; then
        {command} run -- "$@"
    else
        command claude "$@"
    fi
}}"""
"""``function`` and not ``claude()``: where an alias ``claude`` exists, bash and zsh put its text
in place of the name, and zsh then refuses the whole file."""

_FISH_WRAPPER = """\
function claude --wraps=claude
    if test -x {command}; and test -x {python}
        {command} run -- $argv
    else
        command claude $argv
    end
end"""


@dataclass(frozen=True, slots=True)
class Shell:
    """One shell of this user. ``rc``: the file that its interactive instances read."""

    name: str
    rc: Path

    def wrapper(self, command: str, python: str) -> list[str]:
        """A function ``claude`` that starts ``command run``, or Claude Code itself where that, or
        the Python that it needs, is gone."""
        form = _FISH_WRAPPER if self.name == "fish" else _POSIX_WRAPPER
        words = {"command": self._quoted(command), "python": self._quoted(python)}
        return form.format(**words).split("\n")

    def source(self, script: str) -> list[str]:
        """The line that reads a completion script, if it is there and the shell can use it."""
        quoted = self._quoted(script)
        if self.name == "fish":
            return [f"test -r {quoted}; and source {quoted}"]
        # zsh has compdef only after the user's own compinit.
        able = " && (( $+functions[compdef] ))" if self.name == "zsh" else ""
        return [f"if [ -r {quoted} ]{able}; then . {quoted}; fi"]

    def _quoted(self, text: str) -> str:
        if self.name != "fish":
            return shlex.quote(text)
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"


def known(env: Mapping[str, str], home: Path) -> list[Shell]:
    """The three shells and where their files are, or would be, for this user."""
    zsh = Path(env.get("ZDOTDIR") or home)
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    return [
        Shell("bash", home / ".bashrc"),
        Shell("zsh", zsh / ".zshrc"),
        Shell("fish", config / "fish" / "config.fish"),
    ]


def used(env: Mapping[str, str], home: Path) -> list[Shell]:
    """Those of them that this user has: the login shell, and each whose file exists."""
    login = Path(env.get("SHELL", "")).name
    return [one for one in known(env, home) if one.name == login or os.path.lexists(one.rc)]
