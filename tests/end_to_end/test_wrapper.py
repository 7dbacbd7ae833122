"""``tmuxclaude run`` and the launch guard with the real Claude Code."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.product import ROOT, Product
from tests.end_to_end.terminal import Pane, Session
from tests.waiting import until

RUN = shlex.join([sys.executable, "-m", "tmuxclaude", "run"])
PROMPT = "ready>"

native_off = pytest.mark.parametrize("home", [{"native_continue": False}], indirect=True)


def shell(product: Product, more: dict[str, str] | None = None) -> Pane:
    """An interactive shell in the project, where ``tmuxclaude`` can be typed."""
    env = {"PYTHONPATH": str(ROOT)} | (more or {})
    words = ("env", f"PS1={PROMPT} ", "sh", "-i")
    pane = product.server.run(*words, cwd=product.home.project(), env=env)
    pane.wait_for(PROMPT)
    return pane


def wrapped(product: Product, pane: Pane, name: str, *words: str) -> Session:
    """``tmuxclaude run -n NAME ...`` typed into ``pane``; waits until it is at its prompt."""
    pane.enter(f"{RUN} -n {name} {shlex.join(words)}")
    until(lambda: name in names(product), what=lambda: pane.screen())
    session = Session(pane, product.home, product.session(name)["conversation"])
    product.wait_until(name, "idle")
    return session


def names(product: Product) -> list[str]:
    return [row["name"] for row in product.json("list", "--all")["sessions"]]


def pid_of(session: Session) -> int:
    return int(session.home.session(session.conversation)["pid"])


def end(pid: int, number: int) -> None:
    """A signal to a process; waits until its shell has taken notice of its end."""
    os.kill(pid, number)
    until(lambda: not Path(f"/proc/{pid}").exists(), what=f"process {pid} lives on")


@native_off
@pytest.mark.timeout(300)
def test_a_wrapped_session_its_keys_its_size_and_its_exit_codes(api: Api, product: Product) -> None:
    pane = shell(product)
    first = wrapped(product, pane, "first", "--", "--append-system-prompt", 'it\'s "#(odd)"; \n;')
    command = Path(f"/proc/{pid_of(first)}/cmdline").read_bytes().split(b"\0")
    assert b'it\'s "#(odd)"; \n;' in command
    first.ask("do the work")
    pane.wait_for("All done.")
    product.server.tmux("resize-window", "-t", pane.id, "-x", "70", "-y", "30")
    until(lambda: "─" * 70 in pane.screen(), what=lambda: pane.screen())
    product.wait_until("first", "idle")
    pane.press("C-c")
    pane.wait_for("again to exit")
    pane.press("C-c")
    pane.wait_for(PROMPT)
    pane.enter("echo code $?")
    pane.wait_for("code 0")
    product.wait_until("first", "ended")

    for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        name = f"s{code}"
        session = wrapped(product, pane, name)
        end(pid_of(session), number)
        pane.enter("echo code $?")
        pane.wait_for(f"code {code}")
    pane.enter(f"{RUN} -- --no-such-flag")
    pane.wait_for("unknown option")
    pane.enter("echo code $?")
    pane.wait_for("code 1")


@native_off
def test_a_supervisor_that_hangs_keeps_the_session_when_it_goes_on(
    api: Api, product: Product
) -> None:
    pane = shell(product)
    product.signal(signal.SIGSTOP)
    try:
        pane.enter(f"{RUN} -n late -- --model opus")
        pane.wait_for("❯")
    finally:
        product.signal(signal.SIGCONT)
    row = product.wait_until("late", "idle")
    session = Session(pane, product.home, row["conversation"])
    command = Path(f"/proc/{pid_of(session)}/cmdline").read_bytes().split(b"\0")
    assert row["conversation"].encode() in command
    assert row["pane"]["pane_id"] == pane.id
    session.ask("do the work")
    pane.wait_for("All done.")
    until(lambda: product.session("late")["prompts"] == 1, what=lambda: product.story())
    assert names(product) == ["late"]


@native_off
def test_a_killed_wrapped_session_is_lost_and_comes_back_in_a_window(
    api: Api, product: Product
) -> None:
    pane = shell(product)
    session = wrapped(product, pane, "api")
    limit = api.limit("five_hour", time.time() + 15)
    session.ask("do the work")
    product.wait_until("api", "limited")
    os.kill(pid_of(session), signal.SIGKILL)
    product.wait_until("api", "lost")
    product.wait_for_turns(session, 2)
    assert time.time() >= limit.resets_at + 2
    assert product.session("api")["pane"]["pane_id"] != pane.id


@native_off
@pytest.mark.timeout(300)
def test_the_guard_refuses_waits_and_knows_two_accounts(api: Api, product: Product) -> None:
    session = product.new("first")
    session.wait_until("idle")
    limit = api.limit("five_hour", time.time() + 45)
    session.ask("do the work")
    product.wait_until("first", "limited")

    done = product.run("new", "second", "-S", str(product.server.socket), "-d", check=False)
    assert done.returncode == 4
    assert "5-hour limit" in done.stderr
    pane = shell(product)
    pane.enter(RUN)
    pane.wait_for("--force")
    pane.enter("echo code $?")
    pane.wait_for("code 4")

    second = product.home.second("other", "sk-ant-oat01-the-other")
    folder = str(second.project())
    product.name_account("other", str(second.own_config))
    other = shell(product)
    other.enter(f"cd {folder} && {RUN} -n other --account other")
    product.new("opened", second.project(), "--account", "other")
    for name in ("other", "opened"):
        row = product.wait_until(name, "idle")
        assert row["account"] == str(second.own_config)
        assert second.session(row["conversation"])["pid"]

    waiting = product.new("third", None, "--wait")
    waiting.pane.wait_for("starts when the 5-hour limit has reset")
    pid = waiting.pane.pid
    pane.enter(f"{RUN} -n fourth --wait")
    pane.wait_for("q gives up")
    assert product.session("third")["state"] == product.session("fourth")["state"] == "queued"
    product.wait_until("third", "idle")
    product.wait_until("fourth", "idle")
    assert time.time() >= limit.resets_at + 2
    assert waiting.pane.pid == pid
    assert waiting.home.session(waiting.conversation)["pid"] == pid
