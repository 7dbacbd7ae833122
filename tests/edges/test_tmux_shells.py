"""Which line counts as a prompt that nobody has touched; the windows are in tests/supervisor."""

import pytest

from tmuxclaude.core.model import Pane, Server
from tmuxclaude.edges.tmux.shells import Shell

PANE = Pane(Server("/s", 1, 1), "%1", 2, "")


def is_prompt(line: str, column: int | None = None) -> bool:
    behind = len(line.rstrip()) + 1 if column is None else column
    return Shell(PANE, behind, 0, 0).is_prompt(line)


@pytest.mark.parametrize("line", ["$", "ann@host:~/api$ ", "root# ", "api% ", "❯", "PS C:\\>"])
def test_the_usual_prompts_are_known(line: str) -> None:
    assert is_prompt(line)


@pytest.mark.parametrize("line", ["", "$ ls", "$ echo 5 >", "ann@host:~/api", "~ % make #", "->$"])
def test_anything_more_is_no_untouched_prompt(line: str) -> None:
    assert not is_prompt(line)


def test_the_cursor_stands_right_behind_it() -> None:
    assert is_prompt("$", 1)
    assert not is_prompt("$", 0)
    assert not is_prompt("$", 5)
