"""The comparison of two recordings, which decides what a person has to look at."""

from __future__ import annotations

import json
from pathlib import Path

from tests.recording import findings
from tests.recording.stage import Take
from tests.recording.states import STATES

SCREENS = Path(__file__).parent.parent / "screens"
PAYLOADS = Path(__file__).parent.parent / "payloads"
UUID = "99999999-1111-4999-8999-999999999999"


def taken(name: str = "limit-120x40") -> Take:
    lines = (PAYLOADS / "transcript-api-errors.jsonl").read_text().splitlines()
    limit = json.loads(lines[0])
    hook = {"session_id": UUID, "hook_event_name": "StopFailure", "error": "rate_limit"}
    return Take(
        name=name,
        screen=(SCREENS / "idle-plan-mode-80x24.ansi.txt").read_text(),
        dead=False,
        registry=(PAYLOADS / "session-registry.json").read_text(),
        transcript=[limit],
        hooks=[json.dumps(hook)],
        resets_at=limit["quotaLimits"]["resetsAt"],
    )


def test_a_take_is_read_with_the_readers_of_the_product() -> None:
    row = findings.row(taken())
    wanted = {
        "take": "limit-120x40",
        "look": "idle",
        "draft": "empty",
        "status": "busy",
        "ending": "error",
        "kind": "five_hour",
        "resets": "right",
        "hooks": "StopFailure:rate_limit",
    }
    assert row == dict.fromkeys(findings.COLUMNS, "") | wanted


def test_a_change_names_the_take_and_the_column() -> None:
    row = findings.row(taken())
    assert findings.changes([row], [row]) == []
    assert findings.changes([row], [row | {"look": "limit"}]) == [
        "limit-120x40: look was 'limit', is 'idle'"
    ]
    assert findings.changes([row], []) == ["limit-120x40: not in expected.csv yet"]


def test_fields_that_we_read_come_first_with_a_star() -> None:
    found = findings.fields([taken()])
    assert found["transcript assistant/rate_limit quotaLimits.resetsAt"] == {"number"}
    assert found["registry status"] == {"text"}
    assert found["hook StopFailure error"] == {"text"}
    lines = findings.field_lines(found, findings.read_by_us())
    assert "* transcript assistant/rate_limit quotaLimits.resetsAt: number" in lines
    assert "  registry peerProtocol: number" in lines
    without = [line for line in lines if "resetsAt" not in line and "peerProtocol" not in line]
    assert findings.field_changes(without, lines)[0].startswith("- * transcript assistant")
    assert findings.field_changes(without, lines)[-1] == "-   registry peerProtocol: number"
    assert findings.field_changes(lines, lines) == []


def test_every_state_has_a_name_of_its_own() -> None:
    names = [state.name for state in STATES]
    assert len(set(names)) == len(names) > 30
