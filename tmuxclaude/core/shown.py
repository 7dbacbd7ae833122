"""A session as ``--json`` and the socket show it: plain data with the nouns of the house. Pure.

Rows come in as mappings by the columns of ``store/reader``. Quick to import, for ``list`` is.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Row = Mapping[str, Any]
    Rows = Sequence[Row]
    Data = dict[str, Any]

_PLAIN = ("uid", "name", "state", "want", "since", "reason", "directory", "account")
_MORE = ("conversation", "created_at", "zone", "tmux_session")


def session(row: Row) -> Data:
    """One session, with its outlook and its open halt inside."""
    return {
        **{key: row[key] for key in (*_PLAIN, *_MORE)},
        "pane": {"socket": row["socket"], "pane_id": row["pane_id"]},
        "prompts": row["prompts"],
        "active_at": row["active_at"],
        "queued": row["queued"],
        "ends_at": row["ends_at"],
        "group": row["in_group"],
        "meta": _meta(row["meta"]),
        "abandoned": _abandoned(row),
        "outlook": outlook(row),
        "halt": None if row["halt"] is None else _halt(row),
    }


def size(count: float) -> str:
    """So many bytes in words: ``612 MB``, ``2.3 GB``."""
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def waiting(row: Row) -> str:
    """How many messages wait for a session, in words; empty for none."""
    count = row["queued"]
    return f"{count} message{' waits' if count == 1 else 's wait'}" if count else ""


def outlook(row: Row) -> Data:
    """Who acts next on a session, when, and why not before."""
    return {"actor": row["outlook_actor"], "at": row["outlook_at"], "why": row["outlook_why"]}


def _meta(kept: str) -> Data:
    if kept == "{}":
        return {}
    import json  # only for the few sessions that have any

    try:
        found = json.loads(kept)
    except ValueError:  # changed by hand
        return {}
    return found if isinstance(found, dict) else {}


def _abandoned(row: Row) -> Data | None:
    if row["abandoned_since"] is None:
        return None
    return {"since": row["abandoned_since"], "uncommitted": row["uncommitted"]}


def _halt(row: Row) -> Data:
    return {
        **{key: row[key] for key in ("attempts", "not_before", "needs_human")},
        "id": row["halt"],
        "opened_at": row["halted_at"],
        "attempt": row["attempt"],
        "step": row["step"],
        "limit": {
            "kind": row["limit_kind"],
            "words": row["limit_words"],
            "source": row["limit_source"],
            "resets_at": row["resets_at"],
        },
    }


def past(chain: Rows, halts: Rows, attempts: Rows, steps: Rows, events: Rows) -> Data:
    """All that is remembered of one session; each attempt stands in its halt, with its steps."""
    told = [
        {**attempt, "steps": [dict(step) for step in steps if step["attempt"] == attempt["id"]]}
        for attempt in attempts
    ]
    return {
        "chain": [dict(link) for link in chain],
        "halts": [
            {**halt, "attempts": [one for one in told if one["halt"] == halt["id"]]}
            for halt in halts
        ],
        "messages": [one for one in told if one["halt"] is None],
        "events": [dict(event) for event in events],
    }
