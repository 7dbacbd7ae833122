"""Reads single fields of JSON that Claude Code wrote, without ever trusting their shape.

What a field is called and what it means belongs to the modules that use this one. A field that is
missing, or of another type, or not a sane value, reads as "unknown"; nothing here raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

EARLIEST = 1_577_836_800.0
LATEST = 4_102_444_800.0
"""Epoch seconds that can be true: the years 2020 to 2099."""

LARGEST = 2**53
"""Beyond it JSON's numbers are not exact, and what is counted here never comes near."""


def read_object(text: str) -> dict[str, object] | None:
    """One JSON object, or ``None`` when the text is anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def string(record: Mapping[str, object], key: str, limit: int = 512) -> str:
    """A text of at most ``limit`` characters; empty when there is none."""
    value = record.get(key)
    return clean(value[:limit]) if isinstance(value, str) else ""


def clean(text: str) -> str:
    r"""``text`` without lone surrogates: JSON can spell them (``\ud800``), UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def uuid(record: Mapping[str, object], key: str) -> str:
    """A UUID in lower case; empty when there is none. It is safe as a part of a path."""
    value = record.get(key)
    return value.lower() if isinstance(value, str) and UUID.fullmatch(value) else ""


def mapping(record: Mapping[str, object], key: str) -> Mapping[str, object]:
    """An object; an empty one when there is none."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def number(record: Mapping[str, object], key: str) -> float | None:
    """A number that a float can hold."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def whole(record: Mapping[str, object], key: str) -> int | None:
    """A whole number from zero to ``LARGEST``."""
    value = number(record, key)
    known = value is not None and 0 <= value <= LARGEST and value.is_integer()
    return int(value) if known and value is not None else None


def epoch(record: Mapping[str, object], key: str, per_second: float = 1.0) -> float | None:
    """UTC epoch seconds from a number that counts ``per_second`` units; a sane one, or nothing."""
    value = number(record, key)
    return _sane(value / per_second) if value is not None else None


def moment(record: Mapping[str, object], key: str) -> float | None:
    """UTC epoch seconds from an ISO 8601 text; one without a zone is taken as UTC."""
    try:
        when = datetime.fromisoformat(string(record, key, limit=40))
        return _sane((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _sane(seconds: float) -> float | None:
    return seconds if EARLIEST <= seconds < LATEST else None
