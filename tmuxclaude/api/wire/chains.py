"""What a user hangs on sessions, and what is forgotten of their conversations."""

from __future__ import annotations

from tmuxclaude.api.wire.base import Request


class Set(Request, frozen=True, tag="set"):
    """Put these sessions into a ``group`` (empty: into none; ``None``: as before), and change their
    metadata: a key with an empty value goes."""

    names: list[str]
    group: str | None = None
    meta: dict[str, str] = {}


class ResetChain(Request, frozen=True, tag="reset-chain"):
    """Forget all conversations of these sessions but the ones that they are in.

    What was counted in them and their previews go too; Claude Code's own files stay.
    """

    names: list[str]
