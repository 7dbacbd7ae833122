"""install and uninstall in a home of their own: what is shown, what is written, what it does."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, on_terminal, session
from tests.conftest import PrivateServer
from tests.edges.repositories import Repository
from tmuxclaude.store.books import Books

RC = b"export A=1 # caf\xe9"
"""No UTF-8, and no line break at its end."""

ALL = ("--tmux", "--completion", "--wrapper")

PROGRAM = f'#!/bin/sh\nexec {sys.executable} -m tmuxclaude "$@"\n'


@pytest.fixture
def program(env: dict[str, str], home: Path) -> Path:
    """The command ``tmuxclaude`` on the PATH, in a directory that needs quoting."""
    folder = home / "it's a #{dir}"
    folder.mkdir()
    program = folder / "tmuxclaude"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    env["PATH"] = f"{folder}:{env['PATH']}"
    env["SHELL"] = "/bin/bash"
    return program


@pytest.fixture
def rc(program: Path, home: Path) -> Path:
    """A .bashrc that lies elsewhere, as many keep theirs."""
    (home / "dotfiles").mkdir()
    file = home / "dotfiles" / "bashrc"
    file.write_bytes(RC)
    file.chmod(0o640)
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    return file


def test_it_shows_asks_writes_once_and_takes_away(run: Run, rc: Path, home: Path) -> None:
    shown = run("install", *ALL)
    assert shown.code == 2
    assert "add --yes" in shown.err
    for line in ("--- /dev/null", "+# >>> tmuxclaude wrapper >>>", f"+++ {home}/.tmux.conf"):
        assert line in shown.out.splitlines()
    assert rc.read_bytes() == RC
    assert not (home / ".tmux.conf").exists()
    assert run("install", *ALL, "--json").json["error"]["code"] == "usage"

    done = run("install", *ALL, "--yes")
    assert done.code == 0, done.err
    assert done.out.startswith(shown.out)
    written = rc.read_bytes()
    assert written.startswith(RC + b"\n# >>> tmuxclaude completion >>>\n")
    assert (home / ".bashrc").is_symlink()
    assert stat.S_IMODE(rc.stat().st_mode) == 0o640

    again = run("install", *ALL, "--yes", "--json")
    assert again.json["changes"] == []
    assert run("install", *ALL).out.splitlines()[0] == "Nothing to change."
    assert rc.read_bytes() == written

    taken = run("uninstall", *ALL, "--yes", "--json").json["changes"]
    assert len(taken) == 3
    assert rc.read_bytes() == RC
    assert (home / ".tmux.conf").read_bytes() == b""
    assert list((home / ".local").rglob("tmuxclaude.bash")) == []
    assert run("uninstall", *ALL, "--yes", "--json").json["changes"] == []


def test_alone_it_says_what_there_is_and_what_is_installed(run: Run, rc: Path, home: Path) -> None:
    assert "--wrapper" in run("install").out
    assert run("install", "--wrapper", "--yes").code == 0
    parts = {one["name"]: one for one in run("install", "--json").json["parts"]}
    assert parts["wrapper"]["files"] == [f"{home}/.bashrc"]
    assert [name for name, one in parts.items() if one["installed"]] == ["wrapper"]
    assert set(parts) == {"tmux", "service", "completion", "wrapper", "git-hook"}


@pytest.mark.usefixtures("program")
def test_alone_it_lists_the_hook_of_this_repository_in_a_narrow_terminal(
    run: Run, home: Path, env: dict[str, str]
) -> None:
    here = Repository.new(home / "api", home).path
    assert run("install", "--git-hook", "--yes", cwd=here).code == 0
    parts = {one["name"]: one for one in run("uninstall", "--json", cwd=here).json["parts"]}
    assert parts["git-hook"]["files"] == [str(here / ".git" / "hooks" / "post-commit")]
    lines = on_terminal(["install"], 80, env, here).splitlines()
    assert lines[-1].startswith("--git-hook")
    assert "…" in lines[-1]
    assert max(map(len, lines)) <= 80


def test_a_block_that_is_nonsense_is_refused_by_its_file(run: Run, rc: Path, home: Path) -> None:
    rc.write_text("# >>> tmuxclaude wrapper >>>\nhalf\n")
    for verb in ("install", "uninstall"):
        done = run(verb, "--completion", "--wrapper", "--yes")
        assert done.code == 4
        assert f"{home}/.bashrc: the marks" in done.err
    assert rc.read_text() == "# >>> tmuxclaude wrapper >>>\nhalf\n"
    assert not (home / ".local/state/tmuxclaude/completion").exists()
    [problem] = [one["problem"] for one in run("install", "--json").json["parts"] if one["problem"]]
    assert "(line 1)" in problem


def test_tmuxs_own_order_of_files_is_kept(
    run: Run, program: Path, home: Path, env: dict[str, str]
) -> None:
    env["XDG_CONFIG_HOME"] = str(home / "xdg")
    for folder in (home / "xdg", home / ".config"):
        (folder / "tmux").mkdir(parents=True)
        (folder / "tmux" / "tmux.conf").touch()
    assert run("install", "--tmux", "--yes").code == 0
    assert "run-shell" in (home / "xdg/tmux/tmux.conf").read_text()
    (home / ".tmux.conf").touch()
    assert run("install", "--tmux", "--json", "--yes").json["changes"] == []  # it stays there
    assert run("uninstall", "--tmux", "--yes").code == 0
    assert run("install", "--tmux", "--yes").code == 0
    assert "run-shell" in (home / ".tmux.conf").read_text()


def test_a_running_tmux_reads_our_lines_and_one_that_starts_does_too(
    run: Run, program: Path, home: Path, tmux_server: PrivateServer, env: dict[str, str]
) -> None:
    (home / ".tmux.conf").write_text("set -ga status-right X\n")
    done = run("install", "--tmux", "--yes", "-S", tmux_server.socket)
    assert f"The tmux server at {tmux_server.socket} has read these lines." in done.out
    assert tmux_server.say("show", "-gv", "@tmuxclaude-bin") == str(program)
    assert "tmuxclaude" in tmux_server.say("list-keys", "-T", "prefix", "C")
    assert not tmux_server.say("show", "-gv", "status-right").endswith("X")

    fresh = ["tmux", "-L", "fresh", "-f", str(home / ".tmux.conf")]
    shown = ["new-session", "-d", ";", "show", "-gv", "@tmuxclaude-bin", ";", "kill-server"]
    said = subprocess.run([*fresh, *shown], env=env, capture_output=True, text=True, check=False)
    assert said.stdout == f"{program}\n"


def test_a_tmux_that_cannot_load_the_plugin_is_told(
    run: Run, program: Path, home: Path, tmux_server: PrivateServer
) -> None:
    tmux_server.say("set-environment", "-g", "PATH", "/nowhere")
    done = run("install", "--tmux", "--yes", "-S", tmux_server.socket)
    assert f"The tmux server at {tmux_server.socket} complained:" in done.out


def test_options_above_the_block_are_seen_by_a_tmux_that_starts_and_the_block_says_so(
    run: Run, program: Path, home: Path, env: dict[str, str]
) -> None:
    conf = home / ".tmux.conf"
    assert run("install", "--tmux", "--yes").code == 0
    block = conf.read_text()
    [told] = [line for line in block.splitlines() if "above this block" in line]
    [option] = re.findall(r"set -g @tmuxclaude-status on", told)
    conf.write_text(f"{option}\n{block}")
    asked = ["new-session", "-d", ";", "show", "-gv", "status-right", ";", "kill-server"]
    call = ["tmux", "-L", "fresh", "-f", str(conf), *asked]
    said = subprocess.run(call, env=env, capture_output=True, text=True, check=False)
    assert "@tmuxclaude-segment" in said.stdout


# -- in real shells --------------------------------------------------------------------------------

SHELLS = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}

HARD = ["a b", "", "'q\"", "-p", "--", "#(x)", "$HOME `x` *", "two\nlines", ";"]


def in_shell(shell: str, script: str, env: Mapping[str, str], home: Path) -> list[str]:
    call = [shell, "-c", script]
    done = subprocess.run(
        call, env=dict(env), cwd=home, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_wrapper_passes_every_word_on_or_calls_claude_itself(
    shell: str, run: Run, program: Path, home: Path, env: dict[str, str]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    rc = home / SHELLS[shell]
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text("" if shell == "fish" else "alias claude='claude --mine'\n")
    assert run("install", "--wrapper", "--yes").code == 0
    for name in ("claude", "tmuxclaude"):
        echo = program.parent / name
        echo.write_text(f"#!/bin/sh\nprintf '%s\\0' {name} \"$@\"\n")
        echo.chmod(0o755)
    quote = "'" + "' '".join(word.replace("'", r"'\''") for word in HARD) + "'"
    (home / "typed").write_text(f"claude {quote}\n")
    aliases, mine = ("", []) if shell == "fish" else ("", ["--mine"])
    if shell == "bash":
        aliases = "shopt -s expand_aliases; "
    call = f"{aliases}. '{rc}'; . '{home}/typed'"
    assert in_shell(shell, call, env, home) == ["tmuxclaude", "run", "--", *mine, *HARD]
    program.unlink()
    assert in_shell(shell, call, env, home) == ["claude", *mine, *HARD]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_names_are_completed(
    shell: str, run: Run, program: Path, home: Path, env: dict[str, str], books: Books
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    for name in ("api", "app", "web"):
        books.sessions.add(session(name, home))
    rc = home / SHELLS[shell]
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text("autoload -Uz compinit; compinit -D\n" if shell == "zsh" else "")
    assert run("install", "--completion", "--yes").code == 0
    find = {
        "bash": "COMP_WORDS=(tmuxclaude stop app a); COMP_CWORD=3;"
        " _tmuxclaude_completion tmuxclaude; printf '%s\\0' ${COMPREPLY[@]}",
        "zsh": "print -N $_comps[tmuxclaude]",
        "fish": "printf '%s\\0' (complete -C 'tmuxclaude stop app a' | string split -f1 \\t)",
    }[shell]
    found = in_shell(shell, f". '{rc}'; {find}", env, home)
    assert found[-1:] == ["_tmuxclaude_completion" if shell == "zsh" else "api"]
    asked = {"_TMUXCLAUDE_COMPLETE": "zsh_complete", "COMP_CWORD": "2"}
    words = run(more=asked | {"COMP_WORDS": "tmuxclaude attach a"})
    assert words.code == 0, words.err
    assert words.out.splitlines()[1::3] == ["api", "app"]
    verbs = run(more=asked | {"COMP_WORDS": "tmuxclaude rel", "COMP_CWORD": "1"})
    assert "release" in verbs.out.splitlines()


def test_without_the_command_nothing_is_installed(run: Run, env: dict[str, str]) -> None:
    if Path(sys.executable).with_name("tmuxclaude").exists():
        pytest.skip("it is beside this Python")
    env["PATH"] = os.defpath
    done = run("install", "--tmux", "--yes")
    assert done.code == 3
    assert "pipx install" in done.err
    assert str(ROOT) not in done.err
