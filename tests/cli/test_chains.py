"""chain, validate, groups and accounts, as the command line shows them."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.cli.conftest import Run, session
from tmuxclaude.core.labels import Labels
from tmuxclaude.core.model import Limit, LimitKind, Source, State
from tmuxclaude.store.activity import Said
from tmuxclaude.store.books import Books

ID = "0a1b2c3d-0000-4000-8000-000000000001"
GONE = "0a1b2c3d-0000-4000-8000-000000000002"


def transcript(account: Path, conversation: str) -> Path:
    folder = account / "projects" / "-somewhere"
    folder.mkdir(parents=True)
    path = folder / f"{conversation}.jsonl"
    stamp = "2026-03-01T10:00:00.000Z"
    message = {"role": "user", "content": "hello"}
    record = {"type": "user", "sessionId": conversation, "timestamp": stamp, "message": message}
    path.write_text(json.dumps(record) + "\n")
    return path


def test_a_chain_and_its_files(run: Run, home: Path, books: Books) -> None:
    books.sessions.add(session("api", home))
    for conversation, why in ((GONE, "start"), (ID, "fork")):
        books.sessions.link("uid-api", conversation, 1_800_000_000.0, why)
    said = Said(1, "do it", "it is done")
    books.activity.note("uid-api", ID, 2, 1_800_000_001.0, said=said)
    books.activity.compacted("uid-api", ID, 1_800_000_002.0)
    books.labels.save("uid-api", Labels("night", {"ticket": "T-1"}))

    shown = run("chain", "api").out
    for words in ("night", "ticket=T-1", GONE, "forked", "2 prompts, 1 reply, compacted 1 time"):
        assert words in shown
    assert "Claude: it is done" in shown
    data = run("chain", "api", "--json").json
    assert [link["compactions"] for link in data["chain"]] == [None, 1]
    assert (data["group"], data["meta"]) == ("night", {"ticket": "T-1"})

    file = transcript(home / ".claude", ID)
    sound = run("validate", "api")
    assert (sound.code, sound.out.count("sound")) == (0, 2)
    file.write_text("no json\n")
    broken = run("validate", ID, "--json")
    [checked] = broken.json["conversations"]
    assert (broken.code, checked["session"], checked["valid"]) == (1, "api", False)
    assert run("validate", "--all").code == 1
    assert run("validate").code == 2


def test_nothing_of_a_chain_draws(run: Run, home: Path, books: Books) -> None:
    books.sessions.add(session("api", home))
    books.sessions.link("uid-api", "\x1b[31mred", 1_800_000_000.0, "start")
    shown = run("chain", "api").out
    assert "\\x1b[31mred" in shown
    assert "\x1b" not in shown


def test_groups_are_filters(run: Run, home: Path, books: Books) -> None:
    for name in ("api", "web"):
        books.sessions.add(session(name, home))
    books.labels.save("uid-web", Labels("night"))
    data = run("list", "--group", "night", "--json").json
    assert [one["name"] for one in data["sessions"]] == ["web"]
    for words in (("list", "--group", "day"), ("list", "--group", "day", "--all")):
        none = run(*words)
        assert (none.code, none.out) == (3, "")
        assert none.err == "tmuxclaude: no session is in the group day; there are night\n"
    left = run("list", "--group", "night", "--abandoned").out
    assert left == "No session in the group night is abandoned.\n"
    wrong = run("stop", "--group", "day")
    assert (wrong.code, "there are night" in wrong.err) == (3, True)
    assert run("hold", "api", "--group", "night").code == 2
    books.sessions.save(session("web", home, state=State.ENDED))
    over = run("resume", "--group", "night")
    assert (over.code, "tmuxclaude resume web" in over.err) == (3, True)
    assert {"group": "night"}.items() <= run("show", "web", "--json").json.items()
    assert "group         night" in run("show", "web").out


def test_accounts_have_their_names(run: Run, home: Path, books: Books) -> None:
    books.sessions.add(session("api", home))
    assert "ACCOUNT" not in run("list").out
    work = str(home / "work-dir")
    books.sessions.add(session("web", home, account=work))
    words, now = "5-hour limit", time.time()
    limit = Limit(LimitKind.FIVE_HOUR, words, Source.TRANSCRIPT, now - 60, now + 3600)
    books.limits.note(work, limit)
    assert "work-dir" in run("list").out
    config = home / ".config" / "tmuxclaude" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[accounts.work]\nconfig_dir = "~/work-dir"\n')
    shown = run("list").out
    assert ("ACCOUNT" in shown, " work " in shown, "work-dir" in shown) == (True, True, False)
    assert "work: 1 session; 5-hour limit: resets" in run("status").out
    accounts = {one["name"]: one for one in run("status", "--json").json["accounts"]}
    assert {name: one["sessions"] for name, one in accounts.items()} == {"work": 1, "default": 1}
    assert accounts["work"]["directory"] == work
    assert run("run", "--account", "play").code == 3
    (home / "link").symlink_to("work-dir")
    config.write_text('[accounts.linked]\nconfig_dir = "~/link"\n')
    assert " linked " in run("list").out
    accounts = {one["name"]: one for one in run("status", "--json").json["accounts"]}
    assert accounts["linked"]["directory"] == work
    assert (accounts["linked"]["sessions"], len(accounts["linked"]["limits"])) == (1, 1)
