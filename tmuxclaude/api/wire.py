"""What travels over the socket: one JSON object a line, checked against these types on both sides.

A request names its kind in ``type``; unknown kinds and unknown fields are refused with a sentence.
An answer does too; an ``error`` carries the code of an error class (``core/errors.py``). Knows no
socket and no session.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from tmuxclaude.core import errors

MAX_BYTES = 64 * 1024
"""The longest request that is accepted, without its newline."""

RowId: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""What the database can number."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every request; ``type`` on the wire is the class's tag."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every answer. Clients ignore fields they do not know."""


class Ping(Request, frozen=True, tag="ping"):
    """Is anybody there?"""


class Pong(Answer, frozen=True, tag="pong"):
    """``started_at``: UTC epoch seconds. ``notices``: what keeps the supervisor from its work."""

    version: str
    pid: int
    started_at: float
    sessions: int
    notices: list[str] = []


class New(Request, frozen=True, tag="new"):
    """Open Claude Code in a new window.

    ``name``: ``None`` takes the directory's. ``command``: the program, absolute. ``arguments``: the
    user's, unchanged. ``pane``: the caller's own (``%12``), whose tmux session gets the window;
    ``tmux_session`` overrides it; with neither the window opens in a tmux session ``claude``.
    ``zone``: the caller's time zone, for limit texts that name none.
    """

    directory: str
    command: list[str]
    socket: str
    name: str | None = None
    arguments: list[str] = []
    config_dir: str = ""
    environment: dict[str, str] = {}
    zone: str = "UTC"
    tmux_session: str | None = None
    pane: str | None = None
    prompt: str | None = None
    select: bool = False


class Opened(Answer, frozen=True, tag="opened"):
    """The session that was opened, and where."""

    name: str
    uid: str
    socket: str
    pane: str
    directory: str
    conversation: str | None
    attempt: int | None = None
    notes: list[str] = []


class Resume(Request, frozen=True, tag="resume"):
    """Resume the named sessions, or ``every`` one; ``dry_run`` only says what would be done."""

    names: list[str] = []
    every: bool = False
    now: bool = False
    dry_run: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is done (or, in a dry run, would be) for one session, and on what evidence.

    ``done``: ``types``, ``relaunches``, ``reopens``, ``stops``, ``ended``, ``held``, ``released``
    or ``refused``. ``code`` is that of the error when refused. ``attempt``: whose steps to follow.
    A resume that was refused because it is too early says when it is ``due`` (UTC epoch seconds;
    ``None``: nobody knows) and which ``actor`` acts next (``claude``, ``tmuxclaude``, ``you``).
    """

    name: str
    done: str
    why: str
    code: str = ""
    attempt: int | None = None
    due: float | None = None
    actor: str = ""
    notes: list[str] = []
    evidence: list[str] = []


class Verdicts(Answer, frozen=True, tag="verdicts"):
    """One verdict for each session that the request concerned."""

    sessions: list[Verdict]


class Stop(Request, frozen=True, tag="stop"):
    """End sessions; their conversations stay resumable. ``now``: also one that works."""

    names: list[str] = []
    every: bool = False
    now: bool = False


class Hold(Request, frozen=True, tag="hold"):
    """Watch these sessions and never touch them, until they are released."""

    names: list[str]


class Release(Request, frozen=True, tag="release"):
    """The end of a hold."""

    names: list[str]


class Pause(Request, frozen=True, tag="pause"):
    """Resume nothing unasked. ``until``: as a person says it, ``None``: until ``Unpause``.

    ``zone``: the caller's time zone, in which ``until`` is meant.
    """

    until: str | None = None
    zone: str = "UTC"


class Unpause(Request, frozen=True, tag="unpause"):
    """The end of a pause."""


class Paused(Answer, frozen=True, tag="paused"):
    """Whether resumes are paused now, since when and until when (``None``: by hand).

    ``before``: whether they were when it was asked.
    """

    paused: bool
    before: bool
    since: float | None = None
    until: float | None = None


class Send(Request, frozen=True, tag="send"):
    """Type one line into an idle session, by the guarded path of a resume."""

    name: str
    text: str


class Follow(Request, frozen=True, tag="follow"):
    """How far is an attempt?"""

    attempt: RowId


class Progress(Answer, frozen=True, tag="progress"):
    """``step`` is a step of the journal; ``open`` is false when it has ended."""

    attempt: int
    name: str
    step: str
    reason: str
    open: bool


class Explain(Request, frozen=True, tag="explain"):
    """What do the witnesses say of one session right now?"""

    name: str


class Explained(Answer, frozen=True, tag="explained"):
    """Each line is one witness and what it says."""

    name: str
    evidence: list[str]


class Shutdown(Request, frozen=True, tag="shutdown"):
    """End the supervisor in order; sessions go on."""


class Done(Answer, frozen=True, tag="done"):
    """It is done."""


class Failure(Answer, frozen=True, tag="error"):
    """``code``: of the error class; ``message``: what happened, what was left, what to do next."""

    code: str
    message: str


AnyRequest: TypeAlias = (
    Ping
    | New
    | Resume
    | Stop
    | Hold
    | Release
    | Pause
    | Unpause
    | Send
    | Follow
    | Explain
    | Shutdown
)
AnyAnswer: TypeAlias = Pong | Opened | Verdicts | Paused | Progress | Explained | Done | Failure

_requests: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_answers: msgspec.json.Decoder[AnyAnswer] = msgspec.json.Decoder(AnyAnswer)
_encoder = msgspec.json.Encoder()

A = TypeVar("A", bound=Answer)


def encode(message: Request | Answer) -> bytes:
    """One line of JSON with its newline.

    JSON is UTF-8. A request that is not raises ``UsageError``; in an answer, which may quote a
    screen or a transcript, a question mark stands for what cannot be said.
    """
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:
        if isinstance(message, Request):
            raise errors.UsageError("only UTF-8 can be sent; nothing was done") from None
        return _encoder.encode(_sayable(plain(message))) + b"\n"


def plain(value: object) -> Any:
    """The same as plain lists, dictionaries, strings and numbers (for ``--json``)."""
    return msgspec.to_builtins(value)


def decode_request(line: bytes) -> AnyRequest:
    """The request of one line; raises ``UsageError`` with what is wrong with it."""
    try:
        return _requests.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise errors.UsageError(f"the request cannot be read: {problem}") from problem


def decode_answer(line: bytes, kind: type[A]) -> A:
    """The answer of one line; raises the error that it carries."""
    try:
        answer = _answers.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise errors.UnreachableError(f"the answer cannot be read: {problem}") from problem
    if isinstance(answer, Failure):
        raise errors.BY_CODE.get(answer.code, errors.TmuxclaudeError)(answer.message)
    if not isinstance(answer, kind):
        raise errors.UnreachableError(f"unexpected answer: {type(answer).__name__}")
    return answer


def _sayable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case list():
            return [_sayable(item) for item in value]
        case dict():
            return {key: _sayable(item) for key, item in value.items()}
    return value


def failure(problem: errors.TmuxclaudeError) -> Failure:
    """An error as it travels."""
    return Failure(code=problem.code, message=str(problem))
