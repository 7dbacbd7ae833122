"""What travels over the socket: one JSON object a line, checked against these types on both sides.

A request names its kind in ``type``; unknown kinds and unknown fields are refused with a sentence.
An answer does too; an ``error`` carries the code of an error class (``core/errors.py``). One file
for each family; here they are joined, read and written. Knows no socket and no session.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar, get_args

import msgspec

from tmuxclaude.api.wire.accounts import Accounts as Accounts
from tmuxclaude.api.wire.accounts import AccountsTold as AccountsTold
from tmuxclaude.api.wire.accounts import AccountView as AccountView
from tmuxclaude.api.wire.base import Answer as Answer
from tmuxclaude.api.wire.base import Done as Done
from tmuxclaude.api.wire.base import Failure as Failure
from tmuxclaude.api.wire.base import Request as Request
from tmuxclaude.api.wire.base import RowId as RowId
from tmuxclaude.api.wire.brakes import Hold as Hold
from tmuxclaude.api.wire.brakes import Pause as Pause
from tmuxclaude.api.wire.brakes import Paused as Paused
from tmuxclaude.api.wire.brakes import Release as Release
from tmuxclaude.api.wire.brakes import Unpause as Unpause
from tmuxclaude.api.wire.chains import ResetChain as ResetChain
from tmuxclaude.api.wire.chains import Set as Set
from tmuxclaude.api.wire.checkpoints import Checkpoints as Checkpoints
from tmuxclaude.api.wire.checkpoints import CheckpointsDropped as CheckpointsDropped
from tmuxclaude.api.wire.checkpoints import CheckpointShown as CheckpointShown
from tmuxclaude.api.wire.checkpoints import CheckpointsListed as CheckpointsListed
from tmuxclaude.api.wire.checkpoints import CheckpointsWanted as CheckpointsWanted
from tmuxclaude.api.wire.checkpoints import CheckpointView as CheckpointView
from tmuxclaude.api.wire.checkpoints import Due as Due
from tmuxclaude.api.wire.checkpoints import FileView as FileView
from tmuxclaude.api.wire.checkpoints import PruneCheckpoints as PruneCheckpoints
from tmuxclaude.api.wire.checkpoints import ShowCheckpoint as ShowCheckpoint
from tmuxclaude.api.wire.checkpoints import TakeCheckpoints as TakeCheckpoints
from tmuxclaude.api.wire.checkpoints import WantedView as WantedView
from tmuxclaude.api.wire.keeping import Cleaned as Cleaned
from tmuxclaude.api.wire.keeping import Cleanup as Cleanup
from tmuxclaude.api.wire.keeping import Import as Import
from tmuxclaude.api.wire.keeping import Imported as Imported
from tmuxclaude.api.wire.lifetimes import Extend as Extend
from tmuxclaude.api.wire.looking import EntryView as EntryView
from tmuxclaude.api.wire.looking import EventId as EventId
from tmuxclaude.api.wire.looking import Happened as Happened
from tmuxclaude.api.wire.looking import History as History
from tmuxclaude.api.wire.looking import LimitView as LimitView
from tmuxclaude.api.wire.looking import Lines as Lines
from tmuxclaude.api.wire.looking import List as List
from tmuxclaude.api.wire.looking import Listed as Listed
from tmuxclaude.api.wire.looking import Past as Past
from tmuxclaude.api.wire.looking import SessionView as SessionView
from tmuxclaude.api.wire.looking import Show as Show
from tmuxclaude.api.wire.looking import Shown as Shown
from tmuxclaude.api.wire.looking import Subscribe as Subscribe
from tmuxclaude.api.wire.looking import Subscribed as Subscribed
from tmuxclaude.api.wire.messages import Drop as Drop
from tmuxclaude.api.wire.messages import Dropped as Dropped
from tmuxclaude.api.wire.messages import Enqueue as Enqueue
from tmuxclaude.api.wire.messages import Enqueued as Enqueued
from tmuxclaude.api.wire.messages import Messaged as Messaged
from tmuxclaude.api.wire.messages import Messages as Messages
from tmuxclaude.api.wire.messages import MessageView as MessageView
from tmuxclaude.api.wire.older import Attach as Attach
from tmuxclaude.api.wire.older import AttachWith as AttachWith
from tmuxclaude.api.wire.older import ListSessions as ListSessions
from tmuxclaude.api.wire.older import SessionBrief as SessionBrief
from tmuxclaude.api.wire.older import SessionList as SessionList
from tmuxclaude.api.wire.older import SessionStarted as SessionStarted
from tmuxclaude.api.wire.older import SessionStopped as SessionStopped
from tmuxclaude.api.wire.older import StartSession as StartSession
from tmuxclaude.api.wire.older import StopSession as StopSession
from tmuxclaude.api.wire.opening import Admitted as Admitted
from tmuxclaude.api.wire.opening import Barred as Barred
from tmuxclaude.api.wire.opening import IfLimited as IfLimited
from tmuxclaude.api.wire.opening import Late as Late
from tmuxclaude.api.wire.opening import New as New
from tmuxclaude.api.wire.opening import Opened as Opened
from tmuxclaude.api.wire.opening import Queue as Queue
from tmuxclaude.api.wire.opening import Queued as Queued
from tmuxclaude.api.wire.opening import Run as Run
from tmuxclaude.api.wire.resources import Measured as Measured
from tmuxclaude.api.wire.resources import Resources as Resources
from tmuxclaude.api.wire.resources import ShareView as ShareView
from tmuxclaude.api.wire.resources import UseView as UseView
from tmuxclaude.api.wire.sessions import Adopt as Adopt
from tmuxclaude.api.wire.sessions import Explain as Explain
from tmuxclaude.api.wire.sessions import Explained as Explained
from tmuxclaude.api.wire.sessions import Follow as Follow
from tmuxclaude.api.wire.sessions import Forget as Forget
from tmuxclaude.api.wire.sessions import Progress as Progress
from tmuxclaude.api.wire.sessions import Rename as Rename
from tmuxclaude.api.wire.sessions import Resume as Resume
from tmuxclaude.api.wire.sessions import Send as Send
from tmuxclaude.api.wire.sessions import Stop as Stop
from tmuxclaude.api.wire.sessions import Verdict as Verdict
from tmuxclaude.api.wire.sessions import Verdicts as Verdicts
from tmuxclaude.api.wire.supervisor import Ping as Ping
from tmuxclaude.api.wire.supervisor import Pong as Pong
from tmuxclaude.api.wire.supervisor import Reload as Reload
from tmuxclaude.api.wire.supervisor import Reloaded as Reloaded
from tmuxclaude.api.wire.supervisor import Shutdown as Shutdown
from tmuxclaude.api.wire.telling import Beaten as Beaten
from tmuxclaude.api.wire.telling import Conversation as Conversation
from tmuxclaude.api.wire.telling import Count as Count
from tmuxclaude.api.wire.telling import End as End
from tmuxclaude.api.wire.telling import Ended as Ended
from tmuxclaude.api.wire.telling import Heartbeat as Heartbeat
from tmuxclaude.api.wire.telling import PauseStatus as PauseStatus
from tmuxclaude.api.wire.telling import Pid as Pid
from tmuxclaude.api.wire.telling import Register as Register
from tmuxclaude.api.wire.telling import Registered as Registered
from tmuxclaude.api.wire.telling import ShortText as ShortText
from tmuxclaude.api.wire.telling import Status as Status
from tmuxclaude.core import errors

MAX_BYTES = 64 * 1024
"""The longest request that is accepted, without its newline."""

AnyRequest: TypeAlias = (
    Ping | Reload | Shutdown
    | New | Run | Queue
    | Resume | Stop | Send | Follow | Rename | Adopt | Forget | Explain
    | Extend
    | Enqueue | Messages | Drop
    | Hold | Release | Pause | Unpause
    | Set | ResetChain
    | TakeCheckpoints | Checkpoints | ShowCheckpoint | PruneCheckpoints
    | Import | Cleanup
    | List | Show | History | Subscribe
    | Resources
    | Accounts
    | Register | Heartbeat | End | Status
    | StartSession | ListSessions | StopSession | Attach
)  # fmt: skip
AnyAnswer: TypeAlias = (
    Pong | Reloaded | Done | Failure
    | Opened | Admitted | Barred | Queued
    | Verdicts | Progress | Explained
    | Enqueued | Messaged | Dropped
    | Paused
    | CheckpointsWanted | CheckpointsListed | CheckpointShown | CheckpointsDropped
    | Imported | Cleaned
    | Listed | Shown | Past | Subscribed | Happened
    | Measured
    | AccountsTold
    | Registered | Beaten | Ended | PauseStatus
    | SessionStarted | SessionList | SessionStopped | AttachWith
)  # fmt: skip

REQUESTS: tuple[type[Request], ...] = get_args(AnyRequest)
ANSWERS: tuple[type[Answer], ...] = get_args(AnyAnswer)

_requests: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_late: msgspec.json.Decoder[Late] = msgspec.json.Decoder(Late)
_answers: msgspec.json.Decoder[AnyAnswer] = msgspec.json.Decoder(AnyAnswer)
_encoder = msgspec.json.Encoder()

A = TypeVar("A", bound=Answer)
T = TypeVar("T")


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
    return _decoded(_requests, line)


def decode_late(text: str) -> Late:
    """What ``run`` has left in the spool; raises ``UsageError`` with what is wrong with it."""
    return _decoded(_late, text)


def _decoded(decoder: msgspec.json.Decoder[T], text: bytes | str) -> T:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as problem:
        why = "it is not whole, or holds half of a character" if _is_cut(problem) else problem
        why = why if text.strip() else "it is empty"
        raise errors.UsageError(f"the request cannot be read: {why}") from problem


def _is_cut(problem: Exception) -> bool:
    """Whether msgspec met an end too early; it says the same of a lone surrogate's escape."""
    return "truncated" in str(problem)


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
