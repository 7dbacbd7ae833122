"""Messages to the real Claude Code: all arrive, in order, and what was said before is known."""

from __future__ import annotations

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.product import Product
from tests.end_to_end.wire import Text
from tests.waiting import until
from tmuxclaude.claude import transcript

native_off = pytest.mark.parametrize("home", [{"native_continue": False}], indirect=True)

LINES = "\n".join(f"line {number} of a long message" for number in range(30))


def texts(name: str) -> list[str]:
    """Five messages: of one line, of two, of many (shown as a mark), long, and of one line."""
    word = f"to {name}"
    return [
        f"first {word}",
        f"second {word}\nand its other line",
        f"third {word}\n{LINES}",
        f"fourth {word} " + "word " * 300 + "end",
        f"fifth {word}",
    ]


@native_off
def test_three_sessions_get_five_messages_each(api: Api, product: Product) -> None:
    api.on("fifth", Text("The fifth reply."))
    folder = product.home.project("three")
    sessions = {name: product.new(name, folder) for name in ("one", "two", "three")}
    for session in sessions.values():
        session.wait_until("idle")
    for number in range(5):
        for name in sessions:
            product.run("send", name, "--queue", texts(name)[number])
    product.kill()
    product.start()
    for name, session in sessions.items():
        product.wait_for_turns(session, 5)
        found = [transcript.prompt_of(t) for t in product.home.turns(session.conversation)]
        assert found == texts(name)
        until(lambda n=name: product.session(n)["queued"] == 0, what="nothing waits")  # type: ignore[misc]
        said = api.turns(session.conversation, 200)[-1].texts
        assert [text for text in said if "to two" in text] == (said if name == "two" else [])


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
def test_a_text_of_which_the_pane_shows_only_the_end_is_sent(
    product: Product, size: tuple[int, int]
) -> None:
    session = product.new("low", product.home.project("low"))
    columns, rows = map(str, size)
    product.server.tmux("resize-window", "-t", session.pane.id, "-x", columns, "-y", rows)
    product.wait_until("low", "idle")
    text = " ".join(f"word{number:03d}" for number in range(70))
    product.run("send", "low", text)
    product.wait_for_turns(session, 1)
    assert product.home.turns(session.conversation) == [text]


@native_off
def test_what_was_said_before_is_known_after_a_kill_and_a_resume(
    api: Api, product: Product
) -> None:
    """R3.4: the request of the later turn holds the earlier one."""
    folder = product.home.project("kept")
    (folder / "notes.txt").write_text("THE-NOTES\n")
    api.on("heron", Text("I will keep it in mind."))
    session = product.new("kept", folder)
    session.wait_until("idle")
    product.wait_until("kept", "idle")
    told = product.json("send", "kept", "--wait", "--timeout", "60", "the word is heron")
    assert (told["reply"], told["ending"]) == ("I will keep it in mind.", "done")
    assert told["conversation"] == session.conversation
    assert told["tokens"]["output_tokens"] > 0
    assert told["duration"] >= 0
    session.pane.kill()
    product.wait_until("kept", "lost")
    product.run("send", "kept", "--queue", "which word was it?")
    product.run("resume", "kept")
    product.wait_for_turns(session, 2)
    asked = until(
        lambda: [t for t in api.turns(session.conversation, 200) if "which word" in t.text],
        what="the later request",
    )
    assert "the word is heron" in asked[-1].texts
    assert "I will keep it in mind." in str(asked[-1].body["messages"])
    product.wait_until("kept", "idle")
    attached = ("--wait", "--attach", str(folder / "notes.txt"), "read the notes")
    assert product.json("send", "kept", *attached)["ending"] == "done"
    assert "THE-NOTES" in str(api.turns(session.conversation, 200)[-1].body["messages"])
    recap = product.json("recap", "kept")["recap"]
    assert (recap["first"], recap["prompts"]) == ("the word is heron", 3)
