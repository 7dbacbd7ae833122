"""docs/tmux.md names every option of the plugin and no other, and tmux understands its examples."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import PrivateServer

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tmux.md").read_text()
PLUGIN = ROOT / "tmuxclaude" / "plugin"
OPTION = r"@tmuxclaude-[a-z]+(?:-[a-z]+)*"


def options_of_the_plugin() -> set[str]:
    """Those that it names, and those that it makes of a word: ``keys_of key``, ``size width``."""
    scripts = [file.read_text() for file in PLUGIN.iterdir() if file.is_file()]
    named = {option for text in scripts for option in re.findall(OPTION, text)}
    entry = (PLUGIN / "tmuxclaude.tmux").read_text()
    return named | {
        f"@tmuxclaude-{word}" for word in re.findall(r"(?:keys_of|size) ([a-z-]+)", entry)
    }


def test_every_option_of_the_plugin_is_documented() -> None:
    assert {"@tmuxclaude-key", "@tmuxclaude-popup-width"} <= options_of_the_plugin()
    assert options_of_the_plugin() - set(re.findall(OPTION, PAGE)) == set()


def test_no_option_is_documented_that_does_not_exist() -> None:
    code = "".join(file.read_text() for file in (ROOT / "tmuxclaude").rglob("*.py"))
    known = options_of_the_plugin() | set(re.findall(OPTION, code))
    assert set(re.findall(OPTION, PAGE)) - known == set()


def test_the_defaults_are_those_of_the_plugin() -> None:
    entry = (PLUGIN / "tmuxclaude.tmux").read_text()
    defaults = dict(re.findall(r"(?:keys_of|size) ([a-z-]+) ([^\s)]+)", entry))
    told = dict(re.findall(r"^\| `@tmuxclaude-([a-z-]+)` \| `([^`]+)`", PAGE, re.MULTILINE))
    assert told == defaults


def test_the_examples_are_understood_by_tmux(tmux_server: PrivateServer) -> None:
    blocks = re.findall(r"^```tmux\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 5
    for line in lines:
        if not line.startswith(("run ", "run-shell ")):
            tmux_server.say("source-file", str(written(tmux_server.directory, line)))


def written(folder: Path, line: str) -> Path:
    file = folder / "line.conf"
    file.write_text(f"{line}\n")
    return file
