"""Recorded hook payloads, the settings that register ours, and the script that keeps them."""

from __future__ import annotations

import json
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.claude import hooks
from tmuxclaude.claude.hooks import Hook, HookEvent

PAYLOADS = Path(__file__).parent.parent / "payloads"


def recorded(name: str) -> list[HookEvent]:
    """Our events among the recorded ones, in their order."""
    lines = (PAYLOADS / f"hooks-{name}.jsonl").read_text().splitlines()
    events = (hooks.parse(json.dumps(json.loads(line)["payload"])) for line in lines)
    return [event for event in events if event is not None]


def test_a_limit_and_native_continue() -> None:
    events = recorded("tool-limit-autocontinue")
    assert [event.kind for event in events] == [
        Hook.SESSION_START,
        Hook.USER_PROMPT_SUBMIT,
        Hook.STOP,
        Hook.USER_PROMPT_SUBMIT,
        Hook.STOP_FAILURE,
        Hook.NOTIFICATION,
        Hook.USER_PROMPT_SUBMIT,
        Hook.STOP,
        Hook.NOTIFICATION,
        Hook.SESSION_END,
    ]
    assert {event.conversation for event in events} == {"33333333-3333-4333-8333-333333333333"}
    assert (events[0].source, events[0].cwd) == ("startup", "/home/me/proj")
    assert events[0].transcript_path.endswith("/33333333-3333-4333-8333-333333333333.jsonl")
    assert events[3].prompt == "work till limit"
    assert events[4].error == "rate_limit"
    assert events[4].message == "You've hit your 5-hour limit · resets 9:25pm (UTC)"
    assert events[5].notification_type == "quota_auto_resume_fired"
    assert events[5].message.startswith("Usage limit reset")
    assert (events[2].message, events[9].reason) == ("Fake reply: all done.", "other")


def test_clear_and_exit() -> None:
    events = recorded("clear-compact-exit")
    ends = [event.reason for event in events if event.kind is Hook.SESSION_END]
    starts = [event.source for event in events if event.kind is Hook.SESSION_START]
    assert (ends, starts) == (["clear", "prompt_input_exit"], ["startup", "clear", "compact"])
    assert len({event.conversation for event in events}) == 2


def test_a_permission_question() -> None:
    [asked] = [event for event in recorded("ask") if event.kind is Hook.PERMISSION_REQUEST]
    assert asked.tool == "AskUserQuestion"
    [told] = [event for event in recorded("permission") if event.kind is Hook.NOTIFICATION]
    assert told.notification_type == "permission_prompt"


def test_every_recorded_payload_is_read_or_not_ours() -> None:
    for path in sorted(PAYLOADS.glob("hooks-*.jsonl")):
        for line in path.read_text().splitlines():
            payload = json.loads(line)["payload"]
            event = hooks.parse(json.dumps(payload))
            assert (event is not None) == (payload["hook_event_name"] in set(Hook))


def payload(**fields: Any) -> str:
    conversation = "33333333-3333-4333-8333-333333333333"
    return json.dumps({"hook_event_name": "Stop", "session_id": conversation} | fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 200_000,
        payload(hook_event_name="PreToolUse"),
        payload(hook_event_name=["Stop"]),
        payload(session_id="../../x"),
        payload(session_id=None),
        payload()[:-2],
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_event_of_ours(text: str) -> None:
    assert hooks.parse(text) is None


def test_odd_fields_are_empty() -> None:
    odd = payload(cwd=7, source=[], error={}, message=10**400, prompt=None, agent_id="a1")
    event = hooks.parse(odd)
    assert event is not None
    assert (event.cwd, event.source, event.error, event.message, event.prompt) == ("",) * 5
    assert event.subagent
    assert not recorded("429")[0].subagent


# The settings


def commands(settings: dict[str, Any], event: str) -> list[str]:
    return [hook["command"] for entry in settings["hooks"][event] for hook in entry["hooks"]]


def test_our_settings_name_every_event() -> None:
    argv = ["sh", '/a dir/it\'s "here".sh', "$(touch x)", "#{x}"]
    settings: dict[str, Any] = hooks.settings(argv)
    assert set(settings) == {"hooks"}
    assert set(settings["hooks"]) == {hook.value for hook in Hook}
    [entry] = settings["hooks"]["Stop"]
    assert entry["hooks"][0]["type"] == "command"
    assert entry["hooks"][0]["timeout"] == hooks.TIMEOUT_SECONDS
    for event in Hook:
        [command] = commands(settings, event)
        assert shlex.split(command) == argv


def test_the_users_settings_stay_and_come_first() -> None:
    theirs: dict[str, Any] = {
        "model": "opus",
        "statusLine": {"type": "command", "command": "mine"},
        "hooks": {
            "Stop": [{"hooks": [{"type": "command", "command": "mine"}]}],
            "PreToolUse": [{"matcher": "Bash", "hooks": []}],
        },
    }
    before = json.dumps(theirs)
    merged: dict[str, Any] = hooks.merge(hooks.settings(["ours"]), theirs)
    assert commands(merged, "Stop") == ["mine", "ours"]
    assert commands(merged, "SessionStart") == ["ours"]
    assert merged["hooks"]["PreToolUse"] == theirs["hooks"]["PreToolUse"]
    assert {key: merged[key] for key in ("model", "statusLine")} == {
        "model": "opus",
        "statusLine": {"type": "command", "command": "mine"},
    }
    assert json.dumps(theirs) == before


@pytest.mark.parametrize("none", [{}, {"hooks": {}}, {"hooks": None}])
def test_settings_without_hooks_get_ours(none: dict[str, object]) -> None:
    ours = hooks.settings(["ours"])
    assert hooks.merge(ours, none) == ours


def test_malformed_hooks_of_the_user_are_left_to_claude_code() -> None:
    ours = hooks.settings(["ours"])
    assert hooks.merge(ours, {"hooks": "x"}) == {"hooks": "x"}
    merged: dict[str, Any] = hooks.merge(ours, {"hooks": {"Stop": "x"}})
    assert merged["hooks"]["Stop"] == "x"
    assert commands(merged, "SessionEnd") == ["ours"]


# The script


def spool(directory: Path, data: bytes, nonce: str = "abc123") -> None:
    """Run the script as Claude Code runs a hook: a shell, and the payload on its input."""
    script = directory.parent / "spool it's.sh"
    script.write_text(hooks.SPOOL_SCRIPT)
    command = shlex.join(["sh", str(script), str(directory), nonce])
    done = subprocess.run(
        ["sh", "-c", command], input=data, capture_output=True, umask=0, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'a "spool" $HOME'
    made.mkdir()
    return made


def test_the_script_keeps_one_private_file(directory: Path) -> None:
    data = payload(message="it's “done”\n").encode()
    spool(directory, data)
    spool(directory, data)
    files = list(directory.iterdir())
    assert len(files) == 2
    for path in files:
        assert path.name.startswith("abc123.")
        assert path.suffix == ".json"
        assert path.read_bytes() == data
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_script_cuts_a_huge_payload(directory: Path) -> None:
    spool(directory, b"x" * (hooks.PAYLOAD_BYTES + 3_000_000))
    [path] = directory.iterdir()
    assert path.stat().st_size == hooks.PAYLOAD_BYTES


def test_the_script_does_nothing_without_a_spool(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    spool(gone, b"x" * 200_000)
    assert not gone.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["spool it's.sh"]


def test_the_script_does_not_fail_where_it_cannot_write(directory: Path) -> None:
    spool(directory, b"x", nonce="missing/abc123")
    assert list(directory.iterdir()) == []
