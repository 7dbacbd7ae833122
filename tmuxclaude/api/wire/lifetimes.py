"""How long sessions may lie idle."""

from __future__ import annotations

from tmuxclaude.api.wire.base import Request


class Extend(Request, frozen=True, tag="extend"):
    """Give these sessions time: ``lasting`` from now on, as ``12h`` or ``1h30m``.

    ``None``: a whole lifetime. What they have is never shortened.
    """

    names: list[str]
    lasting: str | None = None
