"""The configuration's keys: what is kept, what is refused in which words, what is documented."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.rules import (
    ClaudeRules,
    LaunchRules,
    ResumeRules,
    Rules,
    SupervisorRules,
    changes,
    entries,
    from_table,
    value_of,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "config.md"


def test_an_empty_table_means_the_defaults() -> None:
    assert from_table({}) == Rules()
    assert from_table({"resume": {}, "launch": {}}) == Rules()


def test_the_defaults_are_the_promised_ones() -> None:
    assert Rules() == Rules(
        resume=ResumeRules(
            enabled=True,
            text=(
                "Automatic message from tmuxclaude, not a new instruction. "
                "Please continue the interrupted task and do not repeat finished work."
            ),
            draft="wait",
            margin_seconds=30,
            jitter_seconds=30,
            native_grace_seconds=180,
            backoff_minutes=(2, 5, 15, 30, 60),
            max_attempts=6,
            human_quiet_seconds=60,
            stagger_seconds=10,
            max_per_day=0,
            quiet_hours="",
        ),
        supervisor=SupervisorRules(poll_seconds=1),
        claude=ClaudeRules(command=("claude",), config_dir=""),
        launch=LaunchRules(env=()),
    )


def test_every_default_is_allowed_by_its_own_key() -> None:
    table: dict[str, dict[str, object]] = {}
    for entry in entries(Rules()):
        section, _, key = entry.name.partition(".")
        table.setdefault(section, {})[key] = entry.value
    assert from_table(table) == Rules()


ALLOWED: list[tuple[str, object, object]] = [
    ("resume.enabled", False, False),
    ("resume.text", "Please go on, thank you.", "Please go on, thank you."),
    ("resume.draft", "stash", "stash"),
    ("resume.margin_seconds", 0, 0),
    ("resume.margin_seconds", 2.5, 2.5),
    ("resume.native_grace_seconds", 120, 120),
    ("resume.backoff_minutes", [1], (1,)),
    ("resume.backoff_minutes", [0, 0.5, 1440], (0, 0.5, 1440)),
    ("resume.max_attempts", 1, 1),
    ("resume.max_per_day", 20, 20),
    ("resume.quiet_hours", "23:00-07:00", "23:00-07:00"),
    ("resume.quiet_hours", "00:00-23:59", "00:00-23:59"),
    ("resume.quiet_hours", "", ""),
    ("supervisor.poll_seconds", 0.2, 0.2),
    ("claude.command", ["/opt/claude", "--verbose"], ("/opt/claude", "--verbose")),
    ("claude.config_dir", "/srv/claude", "/srv/claude"),
    ("claude.config_dir", "~/.claude-work", "~/.claude-work"),
    ("launch.env", ["HTTPS_PROXY", "_x"], ("HTTPS_PROXY", "_x")),
    ("notify.desktop", True, True),
    ("notify.command", [], ()),
    ("notify.command", ["~/bin/tell", "--x", ""], ("~/bin/tell", "--x", "")),
    ("notify.events", [], ()),
    ("notify.events", ["lost", "needs-you"], ("lost", "needs-you")),
]


@pytest.mark.parametrize(("name", "value", "kept"), ALLOWED)
def test_an_allowed_value_is_kept(name: str, value: object, kept: object) -> None:
    section, _, key = name.partition(".")
    rules = from_table({section: {key: value}})
    assert {entry.name: entry.value for entry in entries(rules)}[name] == kept
    others = [entry for entry in entries(rules) if entry.name != name]
    assert others == [entry for entry in entries(Rules()) if entry.name != name]


REFUSED: list[tuple[str, object, str]] = [
    # the key, the value, what the message says was found
    ("resume.enabled", 1, "1"),
    ("resume.enabled", "yes", "'yes'"),
    ("resume.text", 5, "5"),
    ("resume.text", "", "the text is empty"),
    ("resume.text", "Go on; rm", "letters from A to Z"),
    ("resume.text", "Wait for the reset.", '"reset"'),
    ("resume.draft", "drop", "'drop'"),
    ("resume.draft", ["wait"], "['wait']"),
    ("resume.margin_seconds", -1, "-1"),
    ("resume.margin_seconds", 3601, "3601"),
    ("resume.margin_seconds", "soon", "'soon'"),
    ("resume.margin_seconds", True, "true"),
    ("resume.margin_seconds", float("nan"), "nan"),
    ("resume.margin_seconds", float("inf"), "inf"),
    ("resume.native_grace_seconds", 119, "119"),
    ("resume.backoff_minutes", 5, "5"),
    ("resume.backoff_minutes", [], "[]"),
    ("resume.backoff_minutes", [1] * 21, "[1, 1"),
    ("resume.backoff_minutes", [2, "5"], "[2, '5']"),
    ("resume.backoff_minutes", [2, -5], "[2, -5]"),
    ("resume.max_attempts", 0, "0"),
    ("resume.max_attempts", 2.5, "2.5"),
    ("resume.max_attempts", True, "true"),
    ("resume.max_per_day", -1, "-1"),
    ("resume.max_per_day", 1001, "1001"),
    ("resume.max_per_day", 2.5, "2.5"),
    ("resume.quiet_hours", "23:00", "'23:00'"),
    ("resume.quiet_hours", "24:00-07:00", "'24:00-07:00'"),
    ("resume.quiet_hours", "23:60-07:00", "'23:60-07:00'"),
    ("resume.quiet_hours", "7:00-9:00", "'7:00-9:00'"),
    ("resume.quiet_hours", "23:00 - 07:00", "'23:00 - 07:00'"),
    ("resume.quiet_hours", "٢٣:00-07:00", "'٢٣:00-07:00'"),
    ("resume.quiet_hours", "23:00-07:00\n", r"'23:00-07:00\n'"),
    ("resume.quiet_hours", "07:00-07:00", '"07:00-07:00" begins when it ends'),
    ("resume.quiet_hours", ["23:00", "07:00"], "['23:00', '07:00']"),
    ("resume.quiet_hours", 23, "23"),
    ("supervisor.poll_seconds", 0, "0"),
    ("claude.command", "claude", "'claude'"),
    ("claude.command", [], "[]"),
    ("claude.command", [""], "['']"),
    ("claude.command", ["--help"], "['--help']"),
    ("claude.command", ["claude", 5], "['claude', 5]"),
    ("claude.command", ["claude", "a\nb"], r"['claude', 'a\nb']"),
    ("claude.config_dir", "relative", "'relative'"),
    ("claude.config_dir", "~other/x", "'~other/x'"),
    ("claude.config_dir", "/a\x1b[2J", r"'/a\x1b[2J'"),
    ("claude.config_dir", ["/a"], "['/a']"),
    ("notify.command", "notify-send", "'notify-send'"),
    ("notify.command", [""], "['']"),
    ("notify.command", ["-x"], "['-x']"),
    ("notify.command", ["a\nb"], r"['a\nb']"),
    ("notify.events", "lost", "'lost'"),
    ("notify.events", ["lost", "moon"], "['lost', 'moon']"),
    ("notify.events", ["lost", "lost"], "['lost', 'lost']"),
]


@pytest.mark.parametrize(("name", "value", "found"), REFUSED)
def test_a_refused_value_is_named_with_what_is_allowed(
    name: str, value: object, found: str
) -> None:
    section, _, key = name.partition(".")
    with pytest.raises(UsageError) as caught:
        from_table({section: {key: value}})
    allowed = {entry.name: entry.allowed for entry in entries(Rules())}[name]
    assert str(caught.value).startswith(name)
    assert found in str(caught.value)
    assert str(caught.value).endswith(f"; allowed: {allowed}")


def test_a_number_that_python_will_not_write_is_refused_too() -> None:
    with pytest.raises(UsageError, match="margin_seconds is a number of very many digits; allowed"):
        from_table({"resume": {"margin_seconds": 10**5000}})


NOT_PASSED = [
    ("ANTHROPIC_API_KEY", "looks like a secret"),
    ("gh_token", "looks like a secret"),
    ("MY_SECRET", "looks like a secret"),
    ("DB_PASSWORD", "looks like a secret"),
    ("AWS_CREDENTIALS", "looks like a secret"),
    ("LD_PRELOAD", "steers other programs"),
    ("DYLD_INSERT_LIBRARIES", "steers other programs"),
    ("PYTHONSTARTUP", "steers other programs"),
    ("BASH_ENV", "steers other programs"),
    ("ENV", "steers other programs"),
    ("NODE_OPTIONS", "steers other programs"),
    ("GIT_SSH_COMMAND", "steers other programs"),
    ("TMUX", "steers other programs"),
    ("1X", "not the name of a variable"),
    ("", "not the name of a variable"),
    ("A-B", "not the name of a variable"),
    ("Ä", "not the name of a variable"),
]


@pytest.mark.parametrize(("name", "reason"), NOT_PASSED)
def test_a_variable_that_must_not_be_passed_is_refused_with_the_reason(
    name: str, reason: str
) -> None:
    with pytest.raises(UsageError, match=f'^launch.env: "{name}" .*{reason}'):
        from_table({"launch": {"env": ["EDITOR", name]}})


@pytest.mark.parametrize(
    "value", ["A=hunter2", ["A=hunter2"], ["A=hunter2\n"], {"A": "hunter2"}, [["hunter2"]]]
)
def test_a_value_given_for_a_variable_is_never_repeated(value: object) -> None:
    with pytest.raises(UsageError, match=r"^launch\.env: ") as caught:
        from_table({"launch": {"env": value}})
    assert "hunter2" not in str(caught.value)


UNKNOWN: list[tuple[dict[str, object], str]] = [
    ({"resum": {}}, "there is no section 'resum'; did you mean resume?"),
    (
        {"resume": {"margn_seconds": 1}},
        "there is no key 'resume.margn_seconds'; did you mean resume.margin_seconds?",
    ),
    (
        {"resume": {"poll_seconds": 1}},
        "there is no key 'resume.poll_seconds'; did you mean supervisor.poll_seconds?",
    ),
    (
        {"launch": {"text": "x"}},
        "there is no key 'launch.text'; did you mean resume.text?",
    ),
    (
        {"supervisor": {"foo": 1}},
        "there is no key 'supervisor.foo'; allowed: supervisor.poll_seconds, "
        "supervisor.health_seconds, supervisor.restore",
    ),
    ({"max_attempts": 3}, "there is no section 'max_attempts'; did you mean resume.max_attempts?"),
    (
        {"\x1b[2J": {}},
        r"there is no section '\x1b[2J'; allowed: resume, supervisor, claude, launch, notify, "
        "status, checkpoint, abandoned, lifetime, budget, chain, sessions, accounts",
    ),
    ({"resume": 3}, "resume is 3; allowed: a section, [resume]"),
    ({"resume": [{}]}, "resume is [{}]; allowed: a section, [resume]"),
]


@pytest.mark.parametrize(("table", "message"), UNKNOWN)
def test_an_unknown_section_or_key_is_named_with_the_nearest_known_one(
    table: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        from_table(table)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resume", "'resume' is a section, not a key; its keys: resume.enabled, "),
        ("sessions", "its keys: sessions.NAME.checkpoint."),
        ("sessions.api", "its keys: sessions.api.checkpoint."),
        ("accounts.work", "its keys: accounts.work.config_dir"),
        ("nope.x", "there is no section 'nope'; allowed: resume, "),
        ("resume.draft.x", "there is no key 'resume.draft.x'; resume.draft is a key itself"),
        ("sessions.api.x", "its keys: sessions.api.checkpoint."),
    ],
)
def test_what_is_no_key_is_told_what_there_is(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        value_of(Rules(), name)
    assert said in str(caught.value)


def test_a_change_is_told_as_the_file_has_it() -> None:
    rules = from_table({"claude": {"command": ["/opt/claude"]}, "resume": {"enabled": False}})
    assert changes(Rules(), rules) == [
        "resume.enabled: true → false",
        'claude.command: ["claude"] → ["/opt/claude"]',
    ]


def test_what_was_found_stays_on_one_short_line() -> None:
    with pytest.raises(UsageError) as caught:
        from_table({"resume": {"draft": "x\n" * 500}})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 120


def test_every_key_is_documented_as_it_is() -> None:
    rows = [
        tuple(cell.strip() for cell in line.strip("|\n").split(" | "))
        for line in DOCUMENT.read_text().partition("## Keys")[2].splitlines()
        if line.startswith("| `")
    ]
    assert rows == [
        (f"`{entry.name}`", f"`{json.dumps(entry.value)}`", entry.allowed, entry.meaning)
        for entry in entries(Rules())
    ]


def test_the_rules_are_cheap_to_import() -> None:
    heavy = {"tomllib", "tomli_w", "difflib", "click", "libtmux", "psutil", "sqlite3", "zoneinfo"}
    code = f"import sys, tmuxclaude.core.rules; print(sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_session_has_its_own_over_what_holds_for_all() -> None:
    table = {"checkpoint": {"hours": 4}, "sessions": {"api": {"checkpoint": {"files": 5}}}}
    rules = from_table(table)
    assert (rules.checkpoint_of("api").hours, rules.checkpoint_of("api").files) == (4, 5)
    assert rules.checkpoint_of("other") == rules.checkpoint_of("") == rules.checkpoint
    own = "sessions.api.checkpoint"
    assert value_of(rules, f"{own}.files") == 5
    assert value_of(rules, "sessions.other.checkpoint.hours") == 4
    assert changes(Rules(), rules) == [
        "checkpoint.hours: 2 → 4",
        f"{own}.hours: 2 → 4",
        f"{own}.files: 15 → 5",
    ]
    assert changes(rules, rules) == []
    assert [name for name in (one.name for one in entries(rules)) if "every_minutes" in name] == [
        "checkpoint.every_minutes"
    ]
    with pytest.raises(UsageError, match=f"{own}.every_minutes: no session has this of its own"):
        value_of(rules, f"{own}.every_minutes")
    with pytest.raises(UsageError) as section:
        value_of(rules, own)
    assert "every_minutes" not in str(section.value)


OWN_REFUSED: list[tuple[object, str]] = [
    (3, "sessions is 3; allowed: a section, [sessions]"),
    ({"a b": {}}, "sessions: 'a b' is no name of a session"),
    ({"api": 3}, "sessions.api is 3; allowed: a section, [sessions.api]"),
    (
        {"api": {"resume": {}}},
        "there is no section 'sessions.api.resume'; allowed: sessions.api.checkpoint",
    ),
    (
        {"api": {"checkpoint": []}},
        "sessions.api.checkpoint is []; allowed: a section, [sessions.api.checkpoint]",
    ),
    (
        {"api": {"checkpoint": {"file": 3}}},
        "there is no key 'sessions.api.checkpoint.file'; did you mean checkpoint.files?",
    ),
    (
        {"api": {"checkpoint": {"files": 0}}},
        "sessions.api.checkpoint.files is 0; allowed: a whole number from 1 to 5000",
    ),
    (
        {"api": {"checkpoint": {"every_minutes": 1}}},
        "sessions.api.checkpoint.every_minutes: no session has this of its own; "
        "set checkpoint.every_minutes",
    ),
    (
        {"api": {"checkpoint": {"idle_weight": 1.5}}},
        "sessions.api.checkpoint.idle_weight is 1.5; allowed: a number from 0 to 1",
    ),
]


@pytest.mark.parametrize(("table", "message"), OWN_REFUSED)
def test_what_a_session_cannot_have_is_named(table: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_table({"sessions": table})
    assert str(caught.value) == message
