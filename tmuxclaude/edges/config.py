"""The configuration file: TOML on the disk, ``Rules`` in the house.

Knows whose file is trusted and how an error in it is said. Which keys there are is for
``core/rules.py`` to say.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tomllib
from pathlib import Path

from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.rules import Rules, entries, from_table, value_of
from tmuxclaude.edges import spool

log = logging.getLogger(__name__)

LARGEST_BYTES = 256 * 1024


def load(path: Path) -> Rules:
    """The rules that the file says; the defaults when there is no file.

    A symbolic link is followed, for many keep their files that way; what counts is the file at its
    end. Raises ``RefusedError`` when that belongs to another user, can be written by others, is no
    file or cannot be read, and ``UsageError``, with the file and where it can be told the line,
    when it cannot be understood.
    """
    text = read(path)
    return Rules() if text is None else understood(path, text)


def load_and_keep(path: Path, copy: Path) -> Rules:
    """As ``load``. What was good is kept as ``copy``, a file of ours; without a file, none is.

    Where no copy can be written, an older one stays.
    """
    text = read(path)
    rules = Rules() if text is None else understood(path, text)
    try:
        if text is None:
            copy.unlink(missing_ok=True)
        elif not copy.exists() or copy.read_bytes() != text.encode():
            spool.write(copy, text)
    except (OSError, RefusedError) as problem:
        log.warning("the configuration was not kept as %s: %s", copy, problem)
    return rules


def last_good(copy: Path) -> tuple[Rules, str]:
    """What holds while the file is wrong: the rules of its ``copy``, the defaults where there is
    none; and that in words."""
    try:
        if (text := read(copy)) is not None:
            return understood(copy, text), "the last good configuration is in force"
    except (UsageError, RefusedError):  # a key that an update does not know any more
        pass
    return Rules(), "the defaults are in force"


def understood(path: Path, text: str) -> Rules:
    """The rules that ``text`` says; ``path`` is what errors call it. Raises as ``load`` does."""
    table = _table(path, text)
    try:
        return from_table(table)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def changed(path: Path, text: str, key: str, given: str) -> str:
    """``text`` with another value for the dotted ``key``, held to the same rules.

    ``given`` is a value of TOML; where the key takes a text, the text itself. Nothing is left of
    comments and of how the text was laid out. Raises ``UsageError``.
    """
    import tomli_w  # only what changes the file writes TOML

    table = _table(path, text)
    *sections, name = key.split(".")
    group = table
    for section in sections:
        inner = group.setdefault(section, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{path}: [{section}] is no section")
        group = inner
    group[name] = _value(key, given)
    try:
        from_table(table)
    except UsageError as problem:
        if _problem(_table(path, text)) != str(problem):
            raise
        raise UsageError(
            f"{path} is wrong already: {problem}. Mend that with: tmuxclaude config edit"
        ) from problem
    return tomli_w.dumps(table)


def has_comments(path: Path, text: str) -> bool:
    """Whether the text would lose comments when it is written anew."""
    import tomli_w

    return text.count("#") > tomli_w.dumps(_table(path, text)).count("#")


def show(rules: Rules) -> str:
    """The whole configuration as TOML that ``load`` reads back, each key under its meaning."""
    import tomli_w  # only this command writes TOML

    lines: list[str] = []
    section = ""
    for entry in entries(rules):
        group, _, name = entry.name.rpartition(".")
        if group != section:
            lines += [*([""] if section else []), f"[{group}]"]
            section = group
        lines += [f"# {entry.meaning}", tomli_w.dumps({name: entry.value}).rstrip("\n")]
    return "\n".join(lines) + "\n"


def _problem(table: dict[str, object]) -> str:
    try:
        from_table(table)
    except UsageError as problem:
        return str(problem)
    return ""


def _value(key: str, given: str) -> object:
    """What ``given`` means as a value of this key. What fits none is for the rules to refuse."""
    takes_text = isinstance(value_of(Rules(), key), str)
    if takes_text and given[:1] not in ("[", '"', "'"):
        return given
    try:
        table = tomllib.loads(f"value = {given}")
    except (ValueError, RecursionError):
        return given
    return table["value"] if list(table) == ["value"] else given


def _table(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        raise UsageError(_where(path, text, str(error))) from error
    except RecursionError as error:
        raise UsageError(f"{path}: it is nested too deeply") from error


def read(path: Path) -> str | None:
    """The file's text, ``None`` when there is none. Raises as ``load`` does."""
    try:
        # O_NONBLOCK: a pipe in its place must not make us wait.
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from error
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError(f"{path} is not a regular file; it was not read. Move it away")
        if found.st_uid != os.geteuid():
            raise RefusedError(f"{path} belongs to another user; it was not read")
        if found.st_mode & 0o022:
            raise RefusedError(
                f"{path} can be written by others; it was not read. Close it: chmod go-w {path}"
            )
        content = os.read(opened, LARGEST_BYTES + 1)
    finally:
        os.close(opened)
    if len(content) > LARGEST_BYTES:
        raise UsageError(f"{path} is larger than {LARGEST_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: it is not UTF-8") from error


def _where(path: Path, text: str, problem: str) -> str:
    """``problem`` as tomllib says it, "… (at line 3, column 7)", with the place put first."""
    match = re.fullmatch(r"(?P<what>.*) \(at (?:line (?P<line>\d+), .*|end of document)\)", problem)
    if match is None:
        return f"{path}: {problem}"
    line = match["line"] or text.count("\n") + 1
    return f"{path}, line {line}: {match['what']}"
