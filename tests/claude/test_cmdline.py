"""The words of a running Claude Code, however it was started."""

import pytest

from tmuxclaude.claude.cmdline import words_of


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["claude", "--model", "opus"], ["--model", "opus"]),
        (["/opt/claude"], []),
        (["node", "--no-warnings", "/usr/bin/claude", "-c"], ["-c"]),
        (["/usr/bin/python3.11", "-IS", "/x/actor.py", "--resume", "a"], ["--resume", "a"]),
        (["claude", "", "", ""], []),
        (["claude", "--append-system-prompt", ""], ["--append-system-prompt"]),
        ([], []),
    ],
)
def test_only_the_words_behind_the_program_count(arguments: list[str], words: list[str]) -> None:
    assert words_of(arguments) == words
