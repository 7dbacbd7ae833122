"""What it costs to take a checkpoint of each of many repositories, beside a bare ``git status``.

python -m tests.bench.checkpoints
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.bench.measure import load, table
from tests.edges.repositories import Repository
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.rules import Rules
from tmuxclaude.demo import files
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.checkpoints import Checkpointer, children
from tmuxclaude.supervisor.wait import Waiter

REPOSITORIES = 68
FILES = 200
CHANGED = 10
TURNS = 40
AIM_SECONDS = 5.0


def main() -> None:
    count = REPOSITORIES
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        wishes = [make(Path(root).resolve(), number) for number in range(count)]
        print(load())
        began = time.perf_counter()
        for wish in wishes:
            subprocess.run(["git", "-C", wish.directory, "status", "-s"], stdout=subprocess.DEVNULL)
        bare = time.perf_counter() - began
        ours = measure(Path(root).resolve(), wishes)
    rows = [["tmuxclaude", f"{ours:.1f}"], ["git status in each", f"{bare:.1f}"]]
    print("\n" + table([f"CHECKPOINTS OF {count} REPOSITORIES, s", ""], rows))
    words = "reached" if ours <= AIM_SECONDS else "MISSED"
    print(f"  aim: {REPOSITORIES} of them within {AIM_SECONDS:g} s: {words}")


def make(home: Path, number: int) -> Wish:
    """A repository with work in it, and a conversation that did it."""
    repository = Repository.new(home / f"p{number}", home)
    for name in range(FILES):
        repository.write(f"src/{name % 10}/{name}.txt", f"{name}\n" * 50)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "all")
    for name in range(CHANGED):
        repository.write(f"src/{name % 10}/{name}.txt", f"changed {name}\n")
    account, conversation = str(home / ".claude"), files.new_id()
    transcript = files.Transcript(account, str(repository.path), conversation, absent=False)
    for turn in range(TURNS):
        transcript.write("user", text=f"task {turn}", prompt_id=files.new_id())
        transcript.write("assistant", text="It is done, and its tests are green. " * 20)
    return Wish(conversation, account, str(repository.path), reasons=("asked",))


def measure(home: Path, wishes: list[Wish]) -> float:
    """Seconds from the first wish to the last checkpoint, with the supervisor's own parts."""
    waiter = Waiter()
    state = home / "state"
    state.mkdir(mode=0o700)
    with closing(open_for_writing(state / "db")) as database:
        books = Books(database)
        makers = children(os.environ, state / "scratch", waiter.wake)
        checkpointer = Checkpointer(books, Rules(), Clock(), *makers, str(home))
        began = time.perf_counter()
        for wish in wishes:
            checkpointer.ask(wish)
        while not done(books):
            checkpointer.turn()
            waiter.wait(0.2)
        took = time.perf_counter() - began
        checkpointer.close()
    waiter.close()
    return took


def done(books: Books) -> bool:
    stages = {row["stage"] for row in books.checkpoints.all()}
    assert "gave_up" not in stages
    return stages == {"taken"}


if __name__ == "__main__":
    main()
