"""Which checkpoints nobody needs any more, what differs by hashes alone, and the recap."""

from __future__ import annotations

from typing import Any

from tmuxclaude.core.checkpoints import File, changed, outlived
from tmuxclaude.core.conversations import Activity
from tmuxclaude.core.recap import Recap


def row(name: str, at: float, stage: str = "taken", conversation: str = "c") -> dict[str, Any]:
    return {
        "id": name,
        "account": "/a",
        "conversation": conversation,
        "transcript": "",
        "stage": stage,
        "asked_at": at,
    }


def names(*given: Any) -> list[str]:
    return [str(one["id"]) for one in outlived(*given)]


def test_the_newest_of_each_conversation_stay() -> None:
    rows = [row("a", 1), row("b", 2), row("c", 3), row("other", 1, conversation="d")]
    assert names(rows, None, 1) == ["a", "b"]
    assert names(rows, None, 2) == ["a"]
    assert names(rows, 2, 1) == ["a"]
    assert names(rows, 1, 1) == []
    assert names(rows, None, 0) == ["a", "b"]


def test_what_was_given_up_counts_for_nothing_and_what_is_under_way_stays() -> None:
    rows = [row("a", 1), row("b", 2, "gave_up"), row("c", 3, "due"), row("d", 4, "taking")]
    assert names(rows, None, 1) == ["b"]
    assert names(rows, 2, 1) == []


def test_files_by_their_hashes() -> None:
    before = [File("same", "M", 1, "x"), File("gone back", "M", 1, "x"), File("other", "M", 1, "x")]
    after = [File("same", "M", 1, "x"), File("other", "M", 1, "y"), File("new", "?", 1, "z")]
    assert changed(before, after) == [
        ("gone back", "as committed"),
        ("other", "changed"),
        ("new", "new"),
    ]
    assert changed(before, before) == []


def test_a_recap_names_what_was_touched_last_first() -> None:
    activity = Activity(
        title="A title",
        first_prompt="build it",
        last_prompt="test it",
        last_reply="It is tested.",
        prompts=2,
        files={"/p/a.py": 0, "/elsewhere/b.py": 5, "/p/c.py": 9},
        todos=(("todo 1", "write docs"),),
    )
    recap = Recap.of(activity, "/p/")
    assert recap.files == ("c.py", "/elsewhere/b.py", "a.py")
    assert Recap.read(recap.plain()) == recap
    assert recap.text().splitlines() == [
        "title: A title",
        "asked first: build it",
        "asked last: test it",
        "done: It is tested.",
        "files touched: c.py, /elsewhere/b.py, a.py",
        "open todos: write docs",
    ]
    assert Recap.of(Activity(first_prompt="x", last_prompt="x", prompts=1), "/p").text() == (
        "asked first: x"
    )
    many = Recap.of(Activity(files={f"/p/{n}": n for n in range(60)}), "/p")
    assert (len(many.files), many.touched) == (50, 60)
    assert many.text().endswith("and 10 more")
