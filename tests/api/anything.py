"""Any request, any answer: hypothesis strategies made of the types of the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
}

Fixed = Mapping[str, st.SearchStrategy[Any]]


def values(hint: Any, fixed: Fixed | None = None) -> st.SearchStrategy[Any]:
    """Values of a type. ``fixed``: what fields of these names hold, wherever they are."""
    if hint in PLAIN:
        return PLAIN[hint]
    if hasattr(hint, "__metadata__"):
        return _bounded(hint.__origin__, hint.__metadata__[0], fixed)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        held = fixed or {}
        fields = {
            field.name: held[field.name] if field.name in held else values(field.type, fixed)
            for field in msgspec.structs.fields(hint)
        }
        return st.builds(hint, **fields)
    if getattr(hint, "__origin__", None) is list:
        return st.lists(values(hint.__args__[0], fixed), max_size=3)
    if type(None) in get_args(hint):
        given = [values(one, fixed) for one in get_args(hint) if one is not type(None)]
        return st.none() | st.one_of(given)
    return st.from_type(hint)


def _bounded(base: Any, meta: msgspec.Meta, fixed: Fixed | None) -> st.SearchStrategy[Any]:
    if base is int:
        least = -(2**63) if meta.ge is None else int(meta.ge)
        return st.integers(least, 2**63 - 1 if meta.le is None else int(meta.le))
    if base is float:
        return st.floats(meta.ge, meta.le, allow_nan=False, allow_infinity=False)
    if base is str and meta.pattern is not None:
        return st.from_regex(re.compile(meta.pattern, re.ASCII), fullmatch=True)
    if base is str:
        return st.text(max_size=meta.max_length)
    return values(base, fixed)
