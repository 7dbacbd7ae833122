"""What can be added to a user's own files, as changes to look at before they are made.

Each part is one block of marked lines in each file that it needs, and the files that are ours
alone. Plans are made of what is there now, so making one twice changes nothing the second time.
What a service manager has to be told is in ``keeping``.
"""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.core import blocks, errors
from tmuxclaude.edges import dotfiles, shells, units
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.edges.programs import tmux_program
from tmuxclaude.edges.tmux.call import Door, ServerGone, end, new_token
from tmuxclaude.edges.tmux.words import Fmt, Raw, Text, Word, command, written
from tmuxclaude.edges.units import Keeper

PARTS = {
    "tmux": "the keys, the picker and the status line, in tmux's configuration",
    "service": "the supervisor as a service, started at login",
    "completion": "completion of commands and session names, in your shell",
    "wrapper": "claude itself opens a session that is kept, in your shell",
}
"""What there is to install, in the order in which it is shown."""

SOURCE_SECONDS = 10.0

_OPTIONS_ABOVE = "# Options, such as set -g @tmuxclaude-status on, stand above this block."
"""tmux waits for ``run-shell``, so the plugin sees only the options that were set before it."""

Script = Callable[[str], str]
"""The completion script for the shell of that name."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file as it is and as it would be; ``None``: no such file. ``private``: it is ours alone.

    ``executable``: that is so if it is made now.
    """

    path: Path
    before: str | None
    after: str | None
    private: bool = False
    executable: bool = False

    def diff(self) -> str:
        """The change as ``diff -u`` writes it."""
        old, new = (_lines(text) for text in (self.before, self.after))
        there = [text is not None for text in (self.before, self.after)]
        before, after = (str(self.path) if one else "/dev/null" for one in there)
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(old, new, before, after)
        )

    def make(self) -> None:
        """Writes it; refuses when the file is not as it was any more."""
        if self.after is None:
            dotfiles.remove(self.path)
            return
        if self.private:
            private_directory(self.path.parent)
        mode = 0o600 if self.private else 0o755 if self.executable else 0o644
        dotfiles.write(self.path, self.after, self.before, mode)


@dataclass(frozen=True, slots=True)
class Edit:
    """What one part wants of a file: from its text (``None``: no such file) to another."""

    path: Path
    turn: Callable[[str | None], str | None]
    private: bool = False
    executable: bool = False


def changes(edits: Iterable[Edit]) -> list[Change]:
    """What these edits come to, one after the other: one change for each file that changes."""
    found: dict[Path, Change] = {}
    for edit in edits:
        if edit.path not in found:
            text = dotfiles.read(edit.path)
            found[edit.path] = Change(edit.path, text, text, edit.private, edit.executable)
        one = found[edit.path]
        try:
            found[edit.path] = replace(one, after=edit.turn(one.after))
        except errors.RefusedError as problem:
            raise _in_file(edit.path, problem) from None
    return [change for change in found.values() if change.before != change.after]


@dataclass(frozen=True, slots=True)
class Place:
    """Whose files, and what has to stand in them.

    ``program`` is the command ``tmuxclaude``, absolute. ``script`` makes completion scripts.
    """

    home: Path
    env: Mapping[str, str]
    paths: Paths
    program: str
    keeper: Keeper
    script: Script

    def additions(self, part: str) -> list[Edit]:
        """What installing that part wants."""
        match part:
            case "tmux":
                return [_put(self._tmux_conf(), part, self._tmux_lines())]
            case "completion":
                return [edit for shell in self._used() for edit in self._complete(shell)]
            case "wrapper":
                given = (self.program, sys.executable)
                return [_put(one.rc, part, one.wrapper(*given)) for one in self._used()]
        return [self._service(self.keeper.content)]

    def removals(self, part: str) -> list[Edit]:
        """What taking it away wants."""
        if part == "service":
            return [self._service(None)]
        scripts = [self._script_file(one) for one in self._known()] if part == "completion" else []
        taken = [_take(file, part) for file in self._hosts(part)]
        return [*taken, *(_whole(file, None) for file in scripts)]

    def installed(self, part: str) -> list[Path]:
        """The files that have that part now. Raises ``RefusedError`` where they are not ours."""
        if part == "service":
            return [change.path for change in changes(self.removals(part))]
        return [file for file in self._hosts(part) if _has(file, part)]

    def load_into_tmux(self, socket: str) -> str:
        """Has the tmux server at this socket read our lines, and only these.

        Returns what tmux had to complain about; hooks of its user complain of other things. Raises
        ``ServerGone`` when there is no server, ``Silent`` without an answer.
        """
        token = new_token()
        option = command("set-option", "-gq", "@tmuxclaude-bin", Raw(self.program))
        loaded = command("display-message", "-p", Fmt(f"{token}:#{{?@tmuxclaude-plugin,loaded,}}"))
        door = Door(socket, tmux_program(), SOURCE_SECONDS)
        done = door.ask((option, command("run-shell", _plugin())), (loaded,), end(token))
        if done.rows(token) == ["loaded"]:
            return ""
        return done.complaint or "the plugin was not loaded"

    def tmux_runs(self, socket: str) -> bool:
        """Whether a tmux server answers there."""
        try:
            Door(socket, tmux_program(), SOURCE_SECONDS).ask((command("start-server"),))
        except (ServerGone, errors.NotFoundError):
            return False
        return True

    # -- service ---------------------------------------------------------------------------------

    def _service(self, content: str | None) -> Edit:
        """Another content for the file of the service; one that somebody else wrote is refused."""

        def turn(text: str | None) -> str | None:
            if text is not None and not units.wrote(self.keeper, text):
                raise errors.RefusedError(
                    "it was not written by: tmuxclaude install --service; move it away for that"
                )
            return content

        return Edit(self.keeper.file, turn)

    # -- tmux ------------------------------------------------------------------------------------

    def _tmux_lines(self) -> list[str]:
        return [
            _OPTIONS_ABOVE,
            f"set-option -gq @tmuxclaude-bin {_said(Raw(self.program))}",
            f"run-shell {_said(_plugin())}",
        ]

    def _tmux_confs(self) -> list[Path]:
        """Where tmux looks for its user's configuration, in its own order."""
        given = self.env.get("XDG_CONFIG_HOME")
        folders = [*([Path(given)] if given else []), self.home / ".config"]
        files = [self.home / ".tmux.conf", *(folder / "tmux" / "tmux.conf" for folder in folders)]
        return list(dict.fromkeys(files))

    def _tmux_conf(self) -> Path:
        """The one that has our lines, else the first that exists, else the first."""
        files = self._tmux_confs()
        there = [file for file in files if os.path.lexists(file)]
        return next((file for file in there if _has(file, "tmux")), [*there, files[0]][0])

    # -- shells ----------------------------------------------------------------------------------

    def _known(self) -> list[shells.Shell]:
        return shells.known(self.env, self.home)

    def _used(self) -> list[shells.Shell]:
        used = shells.used(self.env, self.home)
        if not used:
            raise errors.UsageError(
                "neither bash nor zsh nor fish is your shell ($SHELL), and none of them has a "
                "file of yours; nothing was changed"
            )
        return used

    def _complete(self, shell: shells.Shell) -> list[Edit]:
        file = self._script_file(shell)
        script = _whole(file, self.script(shell.name), private=True)
        return [script, _put(shell.rc, "completion", shell.source(str(file)))]

    def _script_file(self, shell: shells.Shell) -> Path:
        return self.paths.state_dir / "completion" / f"tmuxclaude.{shell.name}"

    def _hosts(self, part: str) -> list[Path]:
        """Every file in which the block of that part may be."""
        return self._tmux_confs() if part == "tmux" else [one.rc for one in self._known()]


def program(argv0: str, env: Mapping[str, str]) -> str:
    """The command ``tmuxclaude``, absolute: the one that runs, that on PATH, or Python's own.

    Raises ``NotFoundError``.
    """
    beside = str(Path(sys.executable).with_name("tmuxclaude"))
    asked = argv0 if Path(argv0).name == "tmuxclaude" else "tmuxclaude"
    for name in (asked, "tmuxclaude", beside):
        found = shutil.which(name, path=env.get("PATH"))
        if found is not None:
            return os.path.abspath(found)  # noqa: PTH100 - Path.resolve follows symlinks
    raise errors.NotFoundError(
        "the command tmuxclaude is not on your PATH, and what is installed would call it; nothing "
        "was changed. Install it: pipx install tmuxclaude"
    )


def _plugin() -> Text:
    """The plugin's file as ``run-shell`` takes it: a word for a shell, as a format of tmux."""
    return Text(shlex.quote(str(Path(__file__).parents[1] / "plugin" / "tmuxclaude.tmux")))


def _said(word: Word) -> str:
    """One word as it stands in a configuration file of tmux."""
    return written(((word,),)).decode("ascii")


def _put(file: Path, part: str, lines: Sequence[str]) -> Edit:
    return Edit(file, lambda text: blocks.put(text or "", part, lines))


def _take(file: Path, part: str) -> Edit:
    return Edit(file, lambda text: None if text is None else blocks.take(text, part))


def _whole(file: Path, content: str | None, private: bool = False) -> Edit:
    """A file that is ours alone."""
    return Edit(file, lambda _: content, private)


def _has(file: Path, part: str) -> bool:
    text = dotfiles.read(file)
    try:
        return text is not None and blocks.find(text, part) is not None
    except errors.RefusedError as problem:
        raise _in_file(file, problem) from None


def _in_file(file: Path, problem: errors.RefusedError) -> errors.RefusedError:
    return errors.RefusedError(f"{file}: {problem}. The file was left alone")


def _lines(text: str | None) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    parts = (text or "").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
