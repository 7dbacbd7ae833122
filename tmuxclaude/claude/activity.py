"""What a conversation is doing, as a fold over the records of its transcript.

Pure, like ``claude/transcript``, which asks another question: that one reads how the last turn
ended, this one counts what was done in all of them. A record or a field that is not understood
changes nothing. Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as fields_of

from tmuxclaude.claude import fields, transcript
from tmuxclaude.core.conversations import QUARTER, Activity
from tmuxclaude.core.model import LimitKind

VERSION = 4
"""Raised whenever the same records make another activity, for activities are remembered."""

CHARS = transcript.BEGINNING
"""How much is kept of a prompt and of a reply."""

FILES = 5000
"""How many paths are kept; the ones that were touched longest ago are forgotten."""

TODOS = 200

EDITS = 200
"""Of how many edits whose outcome is not told yet is kept what they were."""

QUARTERS = 40_000
"""Of how many quarters of an hour is kept what they were used for."""

EMPTY = Activity()

Record = Mapping[str, object]

_CREATED = re.compile(r"Task #(\S{1,40}) created successfully: (.{1,500})")
_NO_USAGE_LIMIT = (
    LimitKind.RATE,
    LimitKind.OVERLOADED,
    LimitKind.SERVER,
    LimitKind.AUTH,
    LimitKind.OTHER,
)

_CLOSED = ("completed", "deleted")

_ANEW = ("input_tokens", "cache_creation_input_tokens", "output_tokens")
_CONTEXT = (*_ANEW, "cache_read_input_tokens")
"""All that the model had before it when it had answered."""


def fold(activity: Activity, records: Iterable[tuple[int, Record]]) -> Activity:
    """The activity after more records, each with the byte of the file at which its line begins.

    What a subagent edits is work of the conversation; what it says is not.
    """
    draft = _Draft(activity)
    for offset, record in records:
        _take(draft, record, offset)
    return draft.activity()


class _Draft:
    """An activity that is being made. A frozen one for each record would cost more than reading."""

    def __init__(self, known: Activity) -> None:
        self.conversation, self.directory = known.conversation, known.directory
        self.title = known.title
        self.first_prompt, self.last_prompt = known.first_prompt, known.last_prompt
        self.last_reply, self.message = known.last_reply, known.message
        self.prompts, self.replies, self.limits = known.prompts, known.replies, known.limits
        self.first_at, self.last_at = known.first_at, known.last_at
        self.model, self.tokens, self.most = known.model, known.tokens, known.most
        self.files, self.todos = dict(known.files), dict(known.todos)
        self.quarters = {quarter: (turns, tokens) for quarter, turns, tokens in known.quarters}
        self.spent, self.timed = known.spent, known.timed
        self.edits = {call: (path, at, before) for call, path, at, before in known.edits}

    def activity(self) -> Activity:
        values = {field.name: getattr(self, field.name) for field in fields_of(Activity)}
        values["files"] = dict(list(self.files.items())[-FILES:])
        values["todos"] = tuple(self.todos.items())[:TODOS]
        edits = tuple((call, *rest) for call, rest in self.edits.items())
        values["edits"] = edits[-EDITS:]
        quarters = tuple((quarter, *used) for quarter, used in self.quarters.items())
        values["quarters"] = quarters[-QUARTERS:]
        return Activity(**values)

    def use(self, record: Record, turns: int, tokens: int) -> None:
        """Counts what this record stands for in the quarter of an hour in which it was written."""
        at = fields.moment(record, "timestamp")
        if at is not None and (turns or tokens):
            quarter = int(at // QUARTER)
            before = self.quarters.get(quarter, (0, 0))
            self.quarters[quarter] = (before[0] + turns, before[1] + tokens)


def _take(draft: _Draft, record: Record, offset: int) -> None:
    if record.get("type") == "user":
        _undone(draft, record)
    if record.get("isSidechain") is True:
        _worked(draft, record, offset)
        return
    _told_by_every_record(draft, record, offset)
    match record.get("type"):
        case "user" | "attachment":
            _user(draft, record)
        case "assistant":
            _assistant(draft, record, offset)
        case "custom-title":
            draft.title = fields.string(record, "customTitle", CHARS)
        case "ai-title":
            draft.title = draft.title or fields.string(record, "aiTitle", CHARS)


def _told_by_every_record(draft: _Draft, record: Record, offset: int) -> None:
    at = fields.moment(record, "timestamp")
    if at is None:
        return
    draft.timed = offset
    draft.conversation = draft.conversation or fields.uuid(record, "sessionId")
    draft.directory = draft.directory or fields.string(record, "cwd", limit=4096)
    draft.first_at = at if draft.first_at is None else min(at, draft.first_at)
    draft.last_at = at if draft.last_at is None else max(at, draft.last_at)


def _user(draft: _Draft, record: Record) -> None:
    _tasks_created(draft, record)
    text = transcript.asked(record)
    if text is not None:
        draft.last_prompt = transcript.beginning(text)
        draft.first_prompt = draft.first_prompt or draft.last_prompt
        draft.prompts += 1
        draft.use(record, 1, 0)


def _assistant(draft: _Draft, record: Record, offset: int) -> None:
    if record.get("isApiErrorMessage") is True:
        draft.limits += transcript.error_kind(record) not in _NO_USAGE_LIMIT
        return
    message = fields.mapping(record, "message")
    model = fields.string(message, "model")
    if not message or model == "<synthetic>":
        return
    known = fields.string(message, "id") or f"offset:{offset}"
    usage = fields.mapping(message, "usage")
    spent = _sum(usage, _ANEW)
    before = draft.spent if known == draft.message else 0
    draft.use(record, 0, max(0, spent - before))
    draft.spent = max(spent, before)
    draft.replies += known != draft.message
    draft.message = known
    draft.model = model or draft.model
    text = transcript.beginning(transcript.text_of(message.get("content"), 4 * CHARS))
    draft.last_reply = text or draft.last_reply
    draft.tokens = _sum(usage, _CONTEXT) or draft.tokens
    draft.most = max(draft.most, draft.tokens)
    _worked(draft, record, offset)


def _sum(usage: Record, names: Iterable[str]) -> int:
    return sum(fields.whole(usage, name) or 0 for name in names)


# Files and tasks


def _worked(draft: _Draft, record: Record, offset: int) -> None:
    """After the edits, writes and lists of tasks in one message."""
    if record.get("type") != "assistant":
        return
    for call, name, given in _calls(record):
        match name:
            case "Edit" | "MultiEdit" | "Write" | "NotebookEdit":
                path = fields.string(given, "file_path", 4096)
                path = path or fields.string(given, "notebook_path", 4096)
                if path:
                    before = draft.files.pop(path, -1)  # what was touched last stands last
                    draft.files[path] = offset
                    draft.edits[call] = (path, offset, before)
            case "TodoWrite":
                draft.todos = _listed(given)
            case "TaskUpdate":
                draft.todos = _updated(draft.todos, given)


def _undone(draft: _Draft, record: Record) -> None:
    """An edit that failed, or that the user refused, modified nothing."""
    for block in _blocks(record, "tool_result"):
        edit = draft.edits.pop(fields.string(block, "tool_use_id"), None)
        if edit is None or block.get("is_error") is not True:
            continue
        path, offset, before = edit
        for other, (same, at, restored) in draft.edits.items():  # asked for at the same time
            if (same, restored) == (path, offset):
                draft.edits[other] = (path, at, before)
        if draft.files.get(path) == offset:
            del draft.files[path]
            if before >= 0:
                draft.files[path] = before


def _calls(record: Record) -> Iterator[tuple[str, str, Record]]:
    """Of each call of a tool its id, the tool and what it is given."""
    for block in _blocks(record, "tool_use"):
        name = fields.string(block, "name")
        yield fields.string(block, "id"), name, fields.mapping(block, "input")


def _blocks(record: Record, kind: str) -> Iterator[Record]:
    """What a message consists of, as far as it is of this kind."""
    content = fields.mapping(record, "message").get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == kind:
            yield block


def _listed(given: Record) -> dict[str, str]:
    todos = given.get("todos")
    found = [one for one in todos if isinstance(one, dict)] if isinstance(todos, list) else []
    return {
        f"todo {number}": fields.string(one, "content", CHARS)
        for number, one in enumerate(found[:TODOS], 1)
        if fields.string(one, "status") not in _CLOSED
    }


def _updated(todos: dict[str, str], given: Record) -> dict[str, str]:
    key = f"task {fields.string(given, 'taskId')}"
    if key not in todos:
        return todos
    if fields.string(given, "status") in _CLOSED:
        return {name: text for name, text in todos.items() if name != key}
    return {**todos, key: fields.string(given, "subject", CHARS) or todos[key]}


def _tasks_created(draft: _Draft, record: Record) -> None:
    """A task gets its number from the program, so it is read from the tool's result."""
    for block in _blocks(record, "tool_result"):
        found = _CREATED.match(transcript.text_of(block.get("content"), 600))
        if found and len(draft.todos) < TODOS:
            draft.todos[f"task {found[1]}"] = found[2][:CHARS]
