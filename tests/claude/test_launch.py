"""Claude Code's command line, as version 2.1.329 reads it."""

from __future__ import annotations

import pytest

from tmuxclaude.claude import launch
from tmuxclaude.claude.launch import Arguments, again, fresh, split
from tmuxclaude.core.errors import UsageError

ID = "0b9b1f0e-7f2d-4f3e-9a54-3a8f0d1f2b3c"
OTHER = "1c9b1f0e-7f2d-4f3e-9a54-3a8f0d1f2b3c"


def words(line: str) -> list[str]:
    return line.split()


@pytest.mark.parametrize(
    ("line", "flags", "prompt"),
    [
        ("", "", None),
        ("hello", "", "hello"),
        ("--model opus hello", "--model opus", "hello"),
        ("hello --model opus", "--model opus", "hello"),
        ("--model=opus hello", "--model opus", "hello"),
        ("--model --verbose", "--model=--verbose", None),
        ("--verbose hello", "--verbose", "hello"),
        ("--add-dir /a /b hello", "--add-dir /a /b hello", None),
        ("--add-dir /a /b -- hello", "--add-dir /a /b", "hello"),
        ("--add-dir=/a hello", "--add-dir /a", "hello"),
        ("--add-dir /a --verbose hello", "--add-dir /a --verbose", "hello"),
        ("--allowedTools Read --disallowedTools Bash Edit", None, None),
        ("--mcp-config a.json b.json --strict-mcp-config hello", None, "hello"),
        ("--debug hooks hello", "--debug hooks", "hello"),
        ("-d hooks", "--debug hooks", None),
        ("-dhooks hello", "--debug hooks", "hello"),
        ("--debug --verbose hello", "--debug --verbose", "hello"),
        ("--debug=-x hello", "--debug=-x", "hello"),
        ("-d2e hello", "--debug-to-stderr", "hello"),
        ("--plugin-dir a --plugin-dir b", "--plugin-dir a --plugin-dir b", None),
        ("--new-switch", "--new-switch", None),
        ("--new-flag=value hello", "--new-flag=value", "hello"),
        ("--new-switch -- hello", "--new-switch", "hello"),
        ("-- --model", "", "--model"),
        ("-", "", "-"),
    ],
)
def test_flags_keep_their_values_and_the_prompt_is_found(
    line: str, flags: str | None, prompt: str | None
) -> None:
    found = split(words(line))
    expected = line.removesuffix(prompt or "").strip() if flags is None else flags
    assert found.flags == tuple(expected.split())
    assert found.prompt == prompt
    assert not found.chooses_conversation


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"--resume {ID}", Arguments(resume=ID, opening=("--resume", ID))),
        (f"--resume={ID}", Arguments(resume=ID, opening=("--resume", ID))),
        (f"-r {ID}", Arguments(resume=ID, opening=("--resume", ID))),
        (f"-r{ID}", Arguments(resume=ID, opening=("--resume", ID))),
        ("--resume", Arguments(resume="", opening=("--resume",))),
        ("-c", Arguments(continues=True, opening=("--continue",))),
        ("-cr x", Arguments(continues=True, resume="x", opening=("--continue", "--resume", "x"))),
        (f"--session-id {ID}", Arguments(session_id=ID, opening=("--session-id", ID))),
        (
            "--continue --fork-session",
            Arguments(continues=True, fork_session=True, opening=("--continue", "--fork-session")),
        ),
        ("--from-pr 7", Arguments(opening=("--from-pr", "7"))),
    ],
)
def test_the_users_conversation_replaces_ours(line: str, expected: Arguments) -> None:
    found = split([*words(line), "--verbose"])
    assert found.chooses_conversation
    assert found.flags == ("--verbose",)
    for field in ("resume", "continues", "session_id", "fork_session", "opening"):
        assert getattr(found, field) == getattr(expected, field)
    argv = fresh(["claude"], found, OTHER, "ours", "/s.json")
    assert OTHER not in argv
    assert argv == [
        "claude",
        "--name",
        "ours",
        "--settings",
        "/s.json",
        *found.flags,
        *found.opening,
    ]


def test_name_settings_and_what_belongs_to_the_first_start() -> None:
    line = "-n mine --settings a.json --prefill draft --settings {} --model opus"
    found = split(words(line))
    assert (found.name, found.settings) == ("mine", "{}")
    assert found.flags == ("--model", "opus")
    assert found.opening == ("--prefill", "draft")
    assert not found.chooses_conversation
    assert split(["--name", ""]).name == ""


def test_a_fresh_start() -> None:
    found = split(["--model", "opus", "--add-dir", "/a b", "--", "do it"])
    assert fresh(["/usr/bin/claude"], found, ID, "ours", "/s p.json") == [
        "/usr/bin/claude",
        *["--session-id", ID, "--name", "ours", "--settings", "/s p.json"],
        *["--model", "opus", "--add-dir", "/a b", "--", "do it"],
    ]
    named = fresh(["claude"], split(["--name", "-x"]), ID, "ours", "/s")
    assert named == ["claude", "--session-id", ID, "--name=-x", "--settings", "/s"]


def test_a_relaunch_keeps_the_flags_and_puts_the_text_out_of_their_reach() -> None:
    found = split(["--resume", OTHER, "--prefill", "x", "--tools", "Read", "Edit", "--", "do it"])
    assert again(["claude"], found.flags, ID, "ours", "/s", "Please continue.") == [
        "claude",
        *["--resume", ID, "--name", "ours", "--settings", "/s"],
        *["--tools", "Read", "Edit", "--", "Please continue."],
    ]
    assert again(["claude"], (), ID, "ours", "/s")[-2:] == ["--settings", "/s"]


@pytest.mark.parametrize(
    "line",
    [
        "--model opus --add-dir /a /b --debug --verbose",
        "--add-dir=-a --add-dir b --model=-x --new=1 --debug",
        "-d --tools Read -- hello",
    ],
)
def test_a_relaunch_means_what_the_first_start_meant(line: str) -> None:
    first = split(words(line))
    argv = again([], first.flags, ID, "ours", "/s", "some text")
    second = split(argv)
    assert (second.flags, second.prompt) == (first.flags, "some text")
    assert (second.resume, second.name, second.settings) == (ID, "ours", "/s")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("-p hello", "--print"),
        ("--print", "--print"),
        ("-cp hello", "--print"),
        ("--bg", "--background|--bg"),
        ("--version", "--version"),
        ("-v", "--version"),
        ("-h", "--help"),
        ("--cloud", "--cloud"),
        ("--worktree", "--worktree"),
        ("-w name", "--worktree"),
        ("--tmux", "--tmux"),
        ("-w name -p hello", "--print"),
        ("mcp", "mcp"),
        ("--model opus doctor", "doctor"),
        ("-- update", "update"),
    ],
)
def test_what_opens_no_session_here_is_refused(line: str, word: str) -> None:
    with pytest.raises(UsageError, match=f"^new opens an interactive session .*({word}) "):
        split(words(line))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--model", "--model needs a value"),
        ("--add-dir", "--add-dir needs a value"),
        ("--verbose=yes", "--verbose takes no value"),
        ("--new-flag word", "does not know Claude Code's --new-flag"),
        ("-x word", "does not know Claude Code's -x"),
        ("fix the bug", "'fix' is followed by 'the'"),
    ],
)
def test_what_cannot_be_understood_is_refused(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        split(words(line))
    assert "Nothing was started." in str(caught.value)


def test_a_session_in_another_place_is_told_apart() -> None:
    with pytest.raises(launch.ElsewhereError) as elsewhere:
        split(["hello", "-w", "name"])
    assert elsewhere.value.why == "--worktree moves into a worktree that a relaunch could reset"
    with pytest.raises(launch.NoSessionError) as none:
        split(["-w", "name", "--version"])
    assert not isinstance(none.value, launch.ElsewhereError)


def test_words_that_only_look_like_commands() -> None:
    assert split(["doctor who is this"]).prompt == "doctor who is this"
    assert split(["--agent", "mcp"]).flags == ("--agent", "mcp")
    with pytest.raises(UsageError, match="'update' is a command"):
        again(["claude"], (), ID, "ours", "/s", "update")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["--settings", "{}", "--model", "x"], ["--model", "x"]),
        (["-cr", "id", "--settings=f", "hello"], ["-cr", "id", "hello"]),
        (["--add-dir", "a", "b", "--settings", "f"], ["--add-dir", "a", "b"]),
        (["--append-system-prompt", "--settings", "x"], None),
        (["--", "--settings", "f"], None),
        (["--settings", "f", "--settings", "g"], []),
        ([], None),
    ],
)
def test_only_settings_are_taken_out(given: list[str], left: list[str] | None) -> None:
    assert launch.without_settings(given) == (given if left is None else left)


@pytest.mark.parametrize(
    ("given", "conversation"),
    [
        ([], "new"),
        (["--session-id", ID.upper()], ID),
        (["--resume", ID], ID),
        (["--resume", "a name"], None),
        (["--resume", ID, "--fork-session"], None),
        (["--continue"], None),
    ],
)
def test_the_first_conversation_is_known_where_it_can_be(
    given: list[str], conversation: str | None
) -> None:
    assert launch.first_conversation(launch.split(given), "new") == conversation
