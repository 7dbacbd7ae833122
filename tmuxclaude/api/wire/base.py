"""What every request and every answer is made of. Knows no single one but the plainest."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

RowId: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""What the database can number."""

AbsolutePath: TypeAlias = Annotated[str, msgspec.Meta(pattern="^/")]
OptionalPath: TypeAlias = Annotated[str, msgspec.Meta(pattern="^(/|$)")]
"""One that is absolute, or empty."""

Key: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
"""By which a request that is repeated is known."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every request; ``type`` on the wire is the class's tag."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every answer. Clients ignore fields they do not know."""


class Done(Answer, frozen=True, tag="done"):
    """It is done."""


class Failure(Answer, frozen=True, tag="error"):
    """``code``: of the error class; ``message``: what happened, what was left, what to do next."""

    code: str
    message: str
