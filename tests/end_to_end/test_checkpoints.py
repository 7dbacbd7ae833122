"""Checkpoints of the real Claude Code: kept when a limit halts it, and come back to."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.home import TOOLS_RUN
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import Pane, Session
from tests.end_to_end.wire import Text, Tool
from tests.waiting import until

at_work = pytest.mark.parametrize(
    "home", [{"native_continue": False, "settings": TOOLS_RUN}], indirect=True
)


def repository(folder: Path) -> None:
    for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
        subprocess.run(["git", "-C", str(folder), *identity, *words], check=True)


@at_work
def test_a_limit_leaves_a_point_to_come_back_to(api: Api, product: Product) -> None:
    folder = product.home.project()
    repository(folder)
    notes = folder / "notes.txt"
    write = Tool("Write", {"file_path": str(notes), "content": "blue is best\n"}, Text("Written."))
    api.on("remember blue", write)
    session = product.new("api", folder)
    session.wait_until("idle")
    session.ask("remember blue")
    session.pane.wait_for("Written.")
    api.limit("five_hour", time.time() + 3600)
    session.ask("go on")
    product.wait_until("api", "limited")

    def kept() -> list[dict[str, Any]]:
        rows = product.json("checkpoints", "api")["checkpoints"]
        return [row for row in rows if row["stage"] == "taken" and "limit" in row["reasons"]]

    [row] = until(kept, lambda: product.log()[-3000:])
    assert row["snapshot"], row
    assert row["recap"]["first"] == "remember blue"
    assert row["recap"]["files"] == ["notes.txt"]

    notes.write_text("red is better\n")
    back = product.home.project(f"{folder.name}-checkpoint-{row['id']}")  # trusted
    api.lift()
    where = ("-S", str(product.server.socket))
    call = ("checkpoint", "restore", str(row["id"]), "--resume", "--json", *where)
    limited = product.run(*call, "--to", str(folder.parent / "elsewhere"), check=False)
    assert (limited.returncode, "is made, and no session" in limited.stdout) == (4, True)
    done = product.run(*call, "--force")
    restored = json.loads(done.stdout)
    assert (back / "notes.txt").read_text() == "blue is best\n"
    assert notes.read_text() == "red is better\n"
    name = restored["session"]["name"]
    conversation = until(lambda: product.session(name)["conversation"], what="its id")
    pane = Pane(product.server, restored["session"]["pane"])
    fork = Session(pane, product.home, conversation)
    fork.wait_until("idle")
    product.wait_until(name, "idle")  # the limit that it shows is not its own
    api.on("which colour", Text("Blue."))
    fork.ask("which colour")
    fork.pane.wait_for("Blue.")
    product.wait_until(name, "idle")
    [asked] = [one for one in api.requests() if one.main and "which colour" in one.text]
    assert "remember blue" in str(asked.body["messages"])
    assert asked.conversation == conversation != session.conversation
    entry = product.home.session(asked.conversation)
    assert entry["cwd"] == str(back)

    product.run("config", "set", "checkpoint.tell_claude", "true")
    third = product.new("third", folder, "--force")
    third.wait_until("idle")
    api.on("hello", Text("Hello."))
    third.ask("hello")
    third.pane.wait_for("Hello.")
    [asked] = [one for one in api.requests(third.conversation) if one.main]
    assert "earlier work in this directory" in str(asked.body)
    assert "asked first: remember blue" in str(asked.body)
