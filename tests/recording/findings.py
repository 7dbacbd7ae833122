"""What a recording says to ``tmuxclaude/claude``, and how that differs from what is expected.

Two comparisons. The takes: each is read with the product's own readers and compared with its row
in ``expected.csv``. The fields: what Claude Code's files and hooks are made of, compared with
``fields.txt``; a field that the product reads is marked there with a star.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.recording.stage import Take
from tmuxclaude.claude import hooks, registry, screen, transcript
from tmuxclaude.core import resets

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.csv"
FIELDS = HERE / "fields.txt"
SCREEN = ("look", "limit_kind", "reset", "native_pending", "draft", "draft_text", "dialog")
FILES = ("status", "waiting_for", "ending", "kind", "resets", "notice", "turns", "hooks")
COLUMNS = ("take", *SCREEN, *FILES)
DEPTH = 3
"""How deep a record is looked into; below ``message`` and the like is the conversation itself."""
OPAQUE = {"content", "usage", "attachment", "tool_input", "toolUseResult", "snapshot"}
KINDS = {
    bool: "bool",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
}
_NAME = re.compile(r'"(\w+)"')
Row = dict[str, str]


def row(take: Take) -> Row:
    """What the product makes of a take. ``reset``: whether the printed time is the API's."""
    seen = screen.read(take.screen, dead=take.dead)
    tail = transcript.EMPTY
    for offset, record in enumerate(take.transcript):
        tail = transcript.fold(tail, record, offset)
    entry = registry.parse(take.registry)
    told = [event for text in take.hooks if (event := hooks.parse(text)) is not None]
    values = {
        "take": take.name,
        "look": seen.look,
        "limit_kind": seen.limit_kind,
        "reset": _right(seen.reset_text, take, tail.last_at),
        "native_pending": "yes" if seen.native_pending else "",
        "draft": seen.box,
        "draft_text": seen.draft,
        "dialog": seen.dialog,
        "status": entry.status if entry else None,
        "waiting_for": entry.waiting_for if entry else "",
        "ending": tail.ending,
        "kind": tail.limit.kind if tail.limit else None,
        "resets": _same(tail.limit.resets_at if tail.limit else None, take),
        "notice": tail.notice,
        "turns": " ".join(turn.origin for turn in tail.turns),
        "hooks": " ".join(sorted(f"{event.kind}:{event.error}".rstrip(":") for event in told)),
    }
    return {column: str(values[column] or "") for column in COLUMNS}


def _right(reset_text: str, take: Take, said_at: float | None) -> str:
    if not reset_text:
        return ""
    at = resets.parse(reset_text, said_at or 0.0, "UTC")
    return "right" if at is not None and abs(at - take.resets_at) <= 60 else reset_text


def _same(resets_at: float | None, take: Take) -> str:
    if resets_at is None:
        return ""
    return "right" if resets_at == take.resets_at else str(resets_at)


def expected() -> list[Row]:
    with EXPECTED.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def write_expected(rows: Iterable[Row]) -> None:
    with EXPECTED.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda one: one["take"]))


def changes(found: Iterable[Row], wanted: Iterable[Row]) -> list[str]:
    """One line for each value that is not as expected, and for each take without a row."""
    known = {one["take"]: one for one in wanted}
    lines = []
    for one in sorted(found, key=lambda one: one["take"]):
        before = known.get(one["take"])
        if before is None:
            lines.append(f"{one['take']}: not in {EXPECTED.name} yet")
            continue
        lines += [
            f"{one['take']}: {column} was {before[column]!r}, is {one[column]!r}"
            for column in COLUMNS
            if one[column] != before[column]
        ]
    return lines


def fields(takes: Iterable[Take]) -> dict[str, set[str]]:
    """Every field of every record, ``transcript assistant/rate_limit quotaLimits.resetsAt``, with
    the kinds of value that it had."""
    found: dict[str, set[str]] = {}
    for take in takes:
        if take.registry:
            _gather(found, "registry", _object(take.registry))
        for text in take.hooks:
            told = _object(text)
            _gather(found, f"hook {told.get('hook_event_name')}", told)
        for record in take.transcript:
            _gather(found, f"transcript {_what(record)}", record)
    return found


def _object(text: str) -> Mapping[str, Any]:
    from tmuxclaude.claude import fields as reading

    return reading.read_object(text) or {}


def _what(record: Mapping[str, Any]) -> str:
    parts = (record.get("type"), record.get("subtype"), record.get("error"))
    return "/".join(part for part in parts if isinstance(part, str))


def _gather(
    found: dict[str, set[str]], head: str, record: Mapping[str, Any], path: str = "", depth: int = 1
) -> None:
    for key, value in record.items():
        name = f"{path}{key}"
        found.setdefault(f"{head} {name}", set()).add(_kind(value))
        if isinstance(value, dict) and depth < DEPTH and key not in OPAQUE:
            _gather(found, head, value, f"{name}.", depth + 1)


def _kind(value: object) -> str:
    names = {
        bool: "bool",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        dict: "object",
    }
    return names.get(type(value), "null")


def read_by_us() -> set[str]:
    """The names of fields that stand, quoted, in the source of ``tmuxclaude/claude``."""
    sources = Path(transcript.__file__).parent.glob("*.py")
    return {name for source in sources for name in _NAME.findall(source.read_text())}


def field_lines(found: Mapping[str, set[str]], ours: set[str]) -> list[str]:
    """``fields.txt``: one sorted line for each field."""
    return [
        f"{'*' if path.rsplit(' ', 1)[1].rsplit('.', 1)[-1] in ours else ' '} {path}:"
        f" {'|'.join(sorted(kinds))}"
        for path, kinds in sorted(found.items())
    ]


def field_changes(found: list[str], known: list[str]) -> list[str]:
    """The lines that came and went; those with a star, which the product reads, first."""
    lines = [f"- {line}" for line in known if line not in set(found)]
    lines += [f"+ {line}" for line in found if line not in set(known)]
    return sorted(lines, key=lambda line: (line[2] != "*", line[4:], line[0]))
