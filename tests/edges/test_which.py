"""Which program is meant by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmuxclaude.edges.which import which


def program(folder: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "claude"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_on_the_path_that_runs(tmp_path: Path) -> None:
    program(tmp_path / "no", mode=0o644)
    (tmp_path / "dir" / "claude").mkdir(parents=True)
    link = tmp_path / "links" / "claude"
    link.parent.mkdir()
    link.symlink_to(program(tmp_path / "real"))
    folders = ("nowhere", "no", "dir", "links", "real")
    path = ":".join(str(tmp_path / name) for name in folders)
    assert which("claude", path) == str(link), "symbolic links are kept"
    assert which("claude", str(tmp_path / "no")) is None
    assert which(str(link), "") == str(link)


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ('#!/bin/sh\nexec tmuxclaude run -- "$@"\n', True),
        ('#!/bin/bash\nset -e\n"$HOME/bin/tmuxclaude" run\n', True),
        ("#!/usr/bin/python\n# python -m tmuxclaude run\n", True),
        ("#!/bin/sh\n# not for tmuxclaude\nexec run it\n", False),
        ("\x7fELF tmuxclaude run ", False),
    ],
)
def test_a_wrapper_of_ours_is_passed_over(tmp_path: Path, text: str, ours: bool) -> None:
    first, second = program(tmp_path / "a", text), program(tmp_path / "b")
    found = which("claude", f"{first.parent}:{second.parent}")
    assert found == str(second if ours else first)
