"""The docs say what there is: commands, options, states, and how the tests are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tmuxclaude.cli import quick
from tmuxclaude.cli.commands import tmuxclaude
from tmuxclaude.core.model import State, Step
from tmuxclaude.store.reader import SESSION_COLUMNS

ROOT = Path(__file__).parents[1]
CLI = (ROOT / "docs" / "cli.md").read_text()
README = (ROOT / "README.md").read_text()
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
]


def verbs() -> Iterator[tuple[str, click.Command]]:
    """Every command by the words that call it, ``supervisor start`` and the like included."""
    context = click.Context(tmuxclaude)
    for name in tmuxclaude.list_commands(context):
        command = tmuxclaude.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for inner, part in command.commands.items():
                yield f"{name} {inner}", part


def section(verb: str) -> str:
    """What cli.md says under the heading of a verb's first word."""
    parts = re.split(r"^## ", CLI, flags=re.MULTILINE)
    [found] = [part for part in parts if part.startswith(f"{verb.split()[0]}\n")]
    return found


@pytest.mark.parametrize("verb", [name for name, _ in verbs()])
def test_every_command_is_documented(verb: str) -> None:
    assert f"tmuxclaude {verb}" in section(verb)
    listed = CLI.partition("```\n")[2].partition("```")[0]
    assert re.search(rf"(tmuxclaude|\|) {verb.split()[0]}\b", listed)


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        (name, option)
        for name, command in verbs()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ],
)
def test_every_option_is_documented(verb: str, option: str) -> None:
    everywhere = CLI.partition("## new")[0]
    told = everywhere if option in ("-L", "-S") else section(verb)
    word = rf"(?<![\w-]){re.escape(option)}(?![\w-])"
    assert re.search(word, told) or (option == "--json" and "All but `run` and `logs`" in told)


def test_every_command_has_the_tmux_server_options() -> None:
    for name, command in verbs():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"-L", "-S"} <= options, name


def test_no_option_is_documented_that_does_not_exist() -> None:
    known = {o for _, command in verbs() for p in command.params for o in p.opts}
    known |= {option for parameter in tmuxclaude.params for option in parameter.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", CLI))
    assert named <= known | {"--help"}


def test_every_command_has_help() -> None:
    for name, command in verbs():
        assert command.help, name


def test_generated_pages_are_fresh_and_complete() -> None:
    subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    page = (ROOT / "docs" / "states.md").read_text()
    for state in State:
        assert f"**{state}**" in page


def test_every_step_of_the_journal_is_explained() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for step in Step:
        assert step in page


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    commands = README.partition("## Two commands")[2].partition("```\n")[2].partition("```")[0]
    assert commands.split("\n") == ["make demo", "make test", ""]
    [run] = re.findall(r"^exec (.*)$", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)
    assert run == "make test"


def listed(day: float, began: float, **more: object) -> dict[str, object]:
    """A row of ``list``; ``began``: in hours of the day."""
    since = day + began * 3600
    plain: dict[str, object] = dict.fromkeys(SESSION_COLUMNS)
    plain |= {"want": "up", "reason": "", "outlook_why": "", "queued": 0, "account": "a"}
    return plain | {"since": since, "ends_at": since + 86400} | more


def test_the_readme_shows_what_list_prints() -> None:
    noon = time.mktime((2027, 1, 15, 12, 0, 0, 0, 0, -1))
    day = noon - 12 * 3600
    rows = [
        listed(day, 14 + 2 / 60, name="my-project", state="limited", directory="~/my-project")
        | {"outlook_actor": "tmuxclaude", "outlook_at": day + 15 * 3600}
        | {"outlook_why": "weekly limit"},
        listed(day, 14 + 31 / 60, name="api", state="waiting", directory="~/api")
        | {"outlook_actor": "you", "outlook_why": "permission to run a command"},
    ]
    shown = quick.list_text(rows, day + (14 + 50 / 60) * 3600, None, None)
    assert f"$ tmuxclaude list\n{shown}\n```" in README


def linked() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            yield str(page.relative_to(ROOT)), target


@pytest.mark.parametrize(("page", "target"), list(linked()))
def test_links_lead_somewhere(page: str, target: str) -> None:
    assert ((ROOT / page).parent / target).exists()


def called() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in re.findall(r"^```\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            for line in block.splitlines():
                words = line.removeprefix("$ ").split()
                if words[:1] == ["tmuxclaude"] and not re.search(r"[\[|]|\.\.\.|  ", line):
                    yield str(page.relative_to(ROOT)), " ".join(words[1:])


@pytest.mark.parametrize(("page", "call"), sorted(set(called())))
def test_commands_in_the_docs_exist(page: str, call: str) -> None:
    import shlex

    words = shlex.split(call)
    context = click.Context(tmuxclaude, info_name="tmuxclaude")
    command: click.Command = tmuxclaude
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command = found
    command.make_context(command.name, words, parent=context)


def test_the_fields_of_the_json_are_documented() -> None:
    from tmuxclaude.api import wire
    from tmuxclaude.core import shown as data
    from tmuxclaude.store import reader

    told = CLI.partition("## What the JSON holds")[2]
    row = dict.fromkeys(reader.SESSION_COLUMNS, 0) | {"meta": "{}"}
    shown = data.session(row)
    kinds = (wire.Verdict, wire.Progress, wire.Opened, wire.Paused, wire.Pong)
    names = {*shown, *shown["halt"], *shown["halt"]["limit"], *shown["outlook"], *shown["pane"]}
    names |= {name for kind in kinds for name in kind.__struct_fields__}
    assert {name for name in names if f"`{name}`" not in told} == set()
