"""The commands about checkpoints, from taking one to dropping it, as a user gives them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from tests.cli.test_conversations import transcript
from tests.edges.repositories import Repository
from tests.supervisor.house import TASK, House
from tests.supervisor.test_checkpoints import nothing_half, project, taken
from tests.waiting import until
from tmuxclaude.demo import files


def said(house: House, *words: str) -> str:
    done = house.run(*words)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def told(house: House, *words: str) -> Any:
    return json.loads(said(house, *words, "--json"))


def test_from_taking_one_to_dropping_it(house: House) -> None:
    repository = project(house)
    seat = house.new("api", prompt=TASK, directory=house.project)
    seat.has_turns(TASK)
    until(lambda: seat.row()["prompts"], what=seat.story)
    line = said(house, "checkpoint", "api", "--reason", "before the change")
    assert "taken, 2 changed files" in line
    [first] = told(house, "checkpoints", "api")["checkpoints"]
    assert (first["reasons"], first["note"]) == (["asked"], "before the change")
    assert first["recap"]["first"] == TASK
    shown = said(house, "checkpoint", "show", first["id"][:5])
    for words in ("before the change", TASK, "main", "?  new.txt", "M  a.txt", "--resume"):
        assert words in shown

    repository.write("a.txt", "later\n")
    assert "-worked on\n+later" in said(house, "checkpoint", "diff", first["id"])
    seat.say("more work")
    seat.has_turns(TASK, "more work")
    [second] = told(house, "checkpoint", "--all")["checkpoints"]
    patch = told(house, "checkpoint", "diff", first["id"], second["id"])["patch"]
    assert "-worked on\n+later" in patch

    before = repository.fingerprint()
    back = f"{house.project}-checkpoint-{first['id']}"
    known = house.paths.config.read_text()
    with house.paths.config.open("a") as config:
        config.write('[claude]\ncommand = ["no-claude"]\n')
    refused = house.run("checkpoint", "restore", first["id"], "--resume")
    assert (refused.returncode, "no-claude is not on your PATH" in refused.stderr) == (3, True)
    assert not (house.project.parent / back).exists()
    house.paths.config.write_text(known)
    shown = said(house, "checkpoint", "restore", first["id"])
    assert f"git -C {back} worktree remove {back}" in shown
    assert (house.project.parent / back / "a.txt").read_text() == "worked on\n"
    assert (house.project / "a.txt").read_text() == "later\n"
    again = house.run("checkpoint", "restore", first["id"])
    assert (again.returncode, "is there already" in again.stderr) == (4, True)
    repository.git("worktree", "remove", "--force", back)
    assert {k: v for k, v in repository.fingerprint().items() if "worktree" not in k} == before

    assert told(house, "checkpoint", "prune", "--older-than", "1h")["dropped"] == []
    assert told(house, "checkpoint", "prune", "--keep", "1", "--dry-run")["dropped"] == [
        first["id"]
    ]
    away = house.project.rename(house.home / "away")
    stays = house.run("checkpoint", "prune", "--keep", "1")
    assert (stays.returncode, stays.stdout) == (5, "Dropped 0\n")
    assert f"{first['id']} stays: its repository {house.project}/.git is not there" in stays.stderr
    until(lambda: "could not be dropped: there is no repository" in house.log(), what=house.log)
    lost = house.run("checkpoint", "restore", first["id"]).stderr
    command = lost.split("git -C THERE ")[1].replace("DIR", str(house.home / "back"))
    Repository(away, house.home).git(*command.split())
    assert (house.home / "back/a.txt").read_text() == "worked on\n"
    away.rename(house.project)
    assert told(house, "checkpoint", "prune", "--keep", "1")["dropped"] == [first["id"]]
    assert [one["id"] for one in told(house, "checkpoints")["checkpoints"]] == [second["id"]]
    nothing_half(repository, house)
    missing = house.run("checkpoint", "show", first["id"])
    assert (missing.returncode, "no checkpoint" in missing.stderr) == (3, True)

    [third] = told(house, "checkpoint", "api")["checkpoints"]
    house.project.rename(away)
    assert told(house, "checkpoint", "prune", "--keep", "1", "--gone")["dropped"] == [second["id"]]
    assert [one["id"] for one in told(house, "checkpoints")["checkpoints"]] == [third["id"]]


def test_what_is_due_may_be_odd(house: House) -> None:
    """Two projects have a conversation of one id, and one of a third tells impossible numbers."""
    places = [house.home / name for name in ("one", "copy", "third")]
    at, account = time.time() - 3600, house.home / ".claude"
    for place in places:
        Repository.new(place, house.home)
    uids = [files.new_id()] * 2 + [files.new_id()]
    paths = [transcript(account, *one, at) for one in zip(uids, places, strict=True)]
    number = paths[2].read_text().replace('"input_tokens": 10,', f'"input_tokens": {2**63},')
    paths[2].write_text(number)
    assert str(2**63) in number
    rows = told(house, "checkpoint", "--due")["checkpoints"]
    assert {(row["transcript"], row["root"], row["stage"]) for row in rows} == {
        (str(path), str(place), "taken") for path, place in zip(paths, places, strict=True)
    }
    assert told(house, "checkpoint", "--due")["checkpoints"] == []
    known = told(house, "conversations", "--all")["conversations"]
    last = {one["path"]: one["checkpoint"]["id"] for one in known}
    assert last == {row["transcript"]: row["id"] for row in rows}

    [third] = [row for row in rows if row["root"] == str(places[2])]
    paths[2].unlink()
    refused = house.run("checkpoint", "restore", third["id"], "--resume")
    assert (refused.returncode, "nothing to resume" in refused.stderr) == (4, True)
    assert house.run("checkpoint", "restore", third["id"], "--to", "").returncode == 2
    assert not list(house.home.glob("third-checkpoint-*"))
    place = house.home / "a\nb"
    shown = said(house, "checkpoint", "restore", third["id"], "--to", str(place))
    command = shown.split("to remove it")[1].strip(" :\n")
    subprocess.run(["bash", "-c", command], check=True, env=house.env())
    assert not place.exists()


def test_a_commit_a_new_session_and_a_wrong_call(closed_house: House) -> None:
    house, repository = closed_house, project(closed_house)
    with house.paths.config.open("a") as config:
        config.write("[sessions.next.checkpoint]\ntell_claude = true\n")
        config.write(f'[claude]\ncommand = ["{house.program("next")}"]\n')
    house.start()
    seat = house.new("api", prompt=TASK, directory=house.project)
    seat.has_turns(TASK)
    until(lambda: seat.row()["prompts"], what=seat.story)

    program = house.programs / "tmuxclaude"
    variables = " ".join(f"'{key}={value}'" for key, value in house.env().items())
    program.write_text(f'#!/bin/sh\nexec env {variables} {sys.executable} -m tmuxclaude "$@"\n')
    program.chmod(0o755)
    hook = repository.write(".git/hooks/post-commit", f"#!/bin/sh\necho ran >{house.home}/theirs\n")
    theirs = hook.read_text()
    shared = hook.rename(house.home / "shared-hook")
    hook.symlink_to(shared)
    refused = house.run("install", "--git-hook", str(house.project), "--yes")
    assert (refused.returncode, "other repositories may share" in refused.stderr) == (4, True)
    assert shared.read_text() == theirs
    shared.rename(hook)
    refused = house.run("install", "--git-hook", str(house.project), "--yes")
    assert (refused.returncode, "not executable" in refused.stderr) == (4, True)
    hook.chmod(0o755)
    assert "+# >>> tmuxclaude git hook >>>" in said(
        house, "install", "--git-hook", str(house.project), "--yes"
    )
    repository.git("commit", "-q", "-a", "-m", "second")
    [row] = taken(house)
    assert (row["reasons"], (house.home / "theirs").exists()) == ('["commit"]', True)
    assert row["head"] == repository.git("rev-parse", "HEAD").strip()
    said(house, "uninstall", "--git-hook", str(house.project), "--yes")
    assert hook.read_text() == theirs

    opened = told(house, "new", "next", "-c", str(house.project), "-d", "-S", house.server.socket)
    assert any(f"checkpoint restore {row['id']} --resume" in note for note in opened["notes"])
    recap = house.paths.hooks / f"{opened['uid']}.recap"
    assert recap.stat().st_mode & 0o777 == 0o600
    settings = json.loads((house.paths.hooks / f"{opened['uid']}.json").read_text())
    [entry] = [one for one in settings["hooks"]["SessionStart"] if "matcher" in one]
    command = ["/bin/sh", "-c", entry["hooks"][0]["command"]]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    context = json.loads(printed)["hookSpecificOutput"]["additionalContext"]
    assert f"asked first: {TASK}" in context
    other = told(house, "new", "other", "-c", str(house.project), "-d", "-S", house.server.socket)
    assert not (house.paths.hooks / f"{other['uid']}.recap").exists()

    for words, code in (
        (("checkpoint", "nobody"), 3),
        (("checkpoint", "--all", "api"), 2),
        (("checkpoint", "take"), 2),
        (("checkpoint", "prune"), 2),
        (("checkpoint", "prune", "--older-than", "x"), 2),
        (("checkpoint", "next"), 4),
        (("checkpoint", "--nonsense"), 2),
    ):
        assert house.run(*words).returncode == code, words
