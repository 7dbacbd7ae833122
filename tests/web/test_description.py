"""The description holds: whatever fits it, and much that does not, is answered as it says."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import hypothesis.strategies as st
import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.web.door import Door, me
from tmuxclaude.web.description import description
from tmuxclaude.web.endpoints import ENDPOINTS

load_all_checks()
CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_makes_it_fail(door: Door, mode: GenerationMode) -> None:
    """``mode``: what fits the description, or breaks it."""
    token = {"Authorization": f"Bearer {door.token}"}
    schema = schemathesis.openapi.from_url(f"{door.url}/openapi.json", headers=token)
    operations = [result.ok() for result in schema.get_all_operations()]
    cases = [operation.as_strategy(generation_mode=mode) for operation in operations]
    if mode is GenerationMode.POSITIVE:
        cases += [case.map(about_me) for case in cases]
    seen: dict[str, set[int]] = defaultdict(set)

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(case=st.one_of(cases))
    def holds(case: Any) -> None:
        answer = case.call_and_validate(headers=token, checks=CHECKS)
        seen[case.path].add(answer.status_code)

    holds()
    assert seen.keys() == {endpoint.path for endpoint in ENDPOINTS}
    if mode is GenerationMode.POSITIVE:
        assert all(200 in statuses for statuses in seen.values())
    else:
        assert all(400 in seen[end.path] for end in ENDPOINTS if end.method == "POST")


def test_it_says_what_must_be_given_and_what_always_comes() -> None:
    schemas = description()["components"]["schemas"]
    assert schemas["Register"]["required"] == ["sessionId", "directory", "pid"]
    assert schemas["Heartbeat"]["required"] == ["sessionId"]
    for endpoint in ENDPOINTS:
        answer = schemas[endpoint.answer.__name__]
        assert answer["required"] == list(answer["properties"])


def about_me(case: Any) -> Any:
    """The same request about a process that lives, so that it can be done."""
    if isinstance(case.body, dict):
        case.body |= {name: value for name, value in me().items() if name in case.body}
    return case
