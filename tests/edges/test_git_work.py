"""The work in real repositories is kept whole, and its user's part of them stays as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.edges.repositories import Repository
from tmuxclaude.core.checkpoints import Work
from tmuxclaude.edges.git.call import ForeignError, GitError
from tmuxclaude.edges.git.work import Kept, Tree, writable

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A home whose user is not allowed everything: during the test root is somebody else."""
    with tempfile.TemporaryDirectory() as home:
        if os.getuid() == 0:
            os.chown(home, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(home)
        finally:
            os.seteuid(os.getuid())


@pytest.fixture
def repository(home: Path) -> Repository:
    return Repository.new(home / "project", home)


def tree(repository: Repository) -> Tree:
    found = Tree.around(str(repository.path), str(repository.home))
    assert found is not None
    return found


def kept(repository: Repository, name: str = "one") -> tuple[Work, str]:
    """Keeps what is there now, and proves that nothing of its user's has changed."""
    before = repository.fingerprint()
    where = tree(repository)
    work = where.look()
    commit, _ = where.keep(work, name, "a checkpoint", 1_700_000_000.0)
    assert repository.fingerprint() == before
    assert name in where.names()
    return work, commit


def test_changed_staged_new_and_deleted_files(repository: Repository) -> None:
    repository.write("a.txt", "one more\n")
    repository.write("staged.txt", "staged\n")
    repository.git("add", "staged.txt")
    repository.write("new/ü\n;$(x).txt", "new\n")
    repository.write("noise.log", "ignored\n")
    (repository.path / "dir/b.txt").unlink()
    work, commit = kept(repository)
    assert {file.path: file.change for file in work.files} == {
        "a.txt": "M",
        "staged.txt": "A",
        "new/ü\n;$(x).txt": "?",
        "dir/b.txt": "D",
    }
    assert repository.listed(commit) == {".gitignore", "a.txt", "staged.txt", "new/ü\n;$(x).txt"}
    assert repository.shown(commit, "a.txt") == "one more\n"
    assert repository.git("rev-parse", f"{commit}^").strip() == work.commit
    assert work.branch == "main"
    assert tree(repository).uncommitted() == 4


def test_hashes_are_those_of_the_files(repository: Repository) -> None:
    repository.write("a.txt", b"one\0more")
    (repository.path / "link").symlink_to("/nowhere/at/all")
    work = tree(repository).look()
    found = {file.path: (file.size, file.sha256) for file in work.files}
    digest = subprocess.run(
        ["sha256sum", str(repository.path / "a.txt")], capture_output=True, text=True, check=True
    )
    assert found["a.txt"] == (8, digest.stdout.split()[0])
    assert found["link"][0] == len("/nowhere/at/all")


def test_secrets_are_left_out_however_they_got_there(repository: Repository) -> None:
    repository.write(".env.shared", "PORT=1\n")
    repository.git("add", "-f", ".env.shared")
    repository.git("commit", "-q", "-m", "a committed one")
    repository.write(".env.shared", "TOKEN=secret\n")
    repository.git("add", ".env.shared")
    repository.write(".env", "TOKEN=secret\n")
    repository.write(".ENV.d/key", "TOKEN=secret\n")
    repository.write("prod.Env", "TOKEN=secret\n")
    repository.write("Live.env/deep/key", "TOKEN=secret\n")
    repository.write("deep/.env.local", "TOKEN=secret\n")
    repository.git("add", "-f", "deep/.env.local")
    work, commit = kept(repository)
    secret = {".env", ".env.shared", ".ENV.d/key", "prod.Env", "deep/.env.local"}
    secret.add("Live.env/deep/key")
    assert set(work.left_out) == secret
    assert {file.sha256 for file in work.files} == {""}, "a short one could be guessed"
    assert repository.listed(commit) == {".gitignore", "a.txt", "dir/b.txt", ".env.shared"}
    assert repository.shown(commit, ".env.shared") == "PORT=1\n"


def test_what_is_no_file_or_cannot_be_read_is_left_out(repository: Repository) -> None:
    os.mkfifo(repository.path / "pipe")
    (repository.path / "a.txt").unlink()
    os.mkfifo(repository.path / "a.txt")
    Repository.new(repository.path / "embedded", repository.home)
    work, commit = kept(repository)
    assert repository.listed(commit) == {".gitignore", "a.txt", "dir/b.txt"}
    assert "a.txt" in work.left_out
    assert repository.shown(commit, "a.txt") == "one\n"


def test_an_unreadable_file(nobody: Path) -> None:
    repository = Repository.new(nobody / "project", nobody)
    repository.write("shut", "x").chmod(0)
    repository.write("open", "y")
    work, commit = kept(repository)
    assert work.left_out == ("shut",)
    assert "open" in repository.listed(commit)


def test_a_file_becomes_a_folder_a_link_and_back(repository: Repository) -> None:
    (repository.path / "a.txt").unlink()
    repository.write("a.txt/inside", "x")
    shutil.rmtree(repository.path / "dir")
    elsewhere = repository.home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text("of somebody else\n")
    (repository.path / "dir").symlink_to(elsewhere)
    _, commit = kept(repository)
    assert repository.listed(commit) == {".gitignore", "a.txt/inside", "dir"}
    assert repository.shown(commit, "dir") == str(elsewhere)


def test_no_commit_yet(home: Path) -> None:
    repository = Repository(home / "young", home)
    repository.git("init", "-q", "-b", "main")
    repository.write("x", "x")
    work, commit = kept(repository)
    assert (work.commit, work.branch) == ("", "main")
    assert repository.listed(commit) == {"x"}
    assert repository.git("rev-list", "--count", commit).strip() == "1"


def test_a_detached_head(repository: Repository) -> None:
    repository.git("checkout", "-q", "--detach")
    repository.write("a.txt", "x")
    work, commit = kept(repository)
    assert work.branch == ""
    assert repository.shown(commit, "a.txt") == "x"


def test_a_merge_in_progress(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "other")
    repository.write("a.txt", "theirs\n")
    repository.write(".env", "theirs\n")
    repository.git("add", "-f", ".")
    repository.git("commit", "-q", "-m", "theirs")
    repository.git("checkout", "-q", "main")
    repository.write("a.txt", "ours\n")
    repository.write(".env", "ours\n")
    repository.git("add", "-f", ".")
    repository.git("commit", "-q", "-m", "ours")
    repository.git("merge", "other", check=False)
    work, commit = kept(repository)
    assert {file.change for file in work.files} == {"U"}
    assert "<<<<<<<" in repository.shown(commit, "a.txt")
    assert repository.shown(commit, ".env") == "ours\n"


def test_of_a_submodule_its_commit_is_kept_and_its_work_named(
    repository: Repository, home: Path
) -> None:
    inner = Repository.new(home / "inner", home)
    for name in ("sub", "quiet"):
        source = ["submodule", "add", "-q", str(inner.path), name]
        repository.git("-c", "protocol.file.allow=always", *source)
    repository.git("commit", "-q", "-m", "with submodules")
    repository.write("sub/a.txt", "changed within")
    repository.write("a.txt", "changed")
    work, commit = kept(repository)
    assert [file.path for file in work.files] == ["a.txt"]
    assert work.inner == ("sub",)
    assert repository.git("ls-tree", commit, "sub").startswith("160000 commit")
    sub = Repository(repository.path / "sub", home)
    sub.git("commit", "-q", "-a", "-m", "moved on")
    work, commit = kept(repository, "two")
    assert [(file.path, file.change) for file in work.files] == [("a.txt", "M"), ("sub", "M")]
    assert work.inner == ()
    assert sub.git("rev-parse", "HEAD").strip() in repository.git("ls-tree", commit, "sub")


def test_what_was_only_touched_is_no_work(repository: Repository) -> None:
    repository.write("dir/b.txt", "2wo\n")
    for name in ("a.txt", "dir/b.txt"):
        os.utime(repository.path / name, (1, 1))
    work, commit = kept(repository)
    assert [file.path for file in work.files] == ["dir/b.txt"]
    assert tree(repository).uncommitted() == 1
    assert repository.shown(commit, "dir/b.txt") == "2wo\n"


def test_what_git_was_told_to_overlook_is_kept(repository: Repository) -> None:
    repository.git("update-index", "--assume-unchanged", "a.txt")
    repository.git("update-index", "--skip-worktree", "dir/b.txt", ".gitignore")
    repository.write("a.txt", "local\n")
    repository.write("dir/b.txt", "local too\n")
    (repository.path / ".gitignore").unlink()
    work, commit = kept(repository)
    assert [file.path for file in work.files] == ["a.txt", "dir/b.txt"]
    assert repository.shown(commit, "a.txt") == "local\n"
    assert repository.shown(commit, "dir/b.txt") == "local too\n"
    assert ".gitignore" in repository.listed(commit), "as in a sparse checkout"


def test_a_file_that_git_does_not_take_costs_no_other(repository: Repository) -> None:
    repository.write(".gitattributes", "bad/* working-tree-encoding=UTF-16\n")
    repository.write("bad/1", "no byte order mark")
    repository.write("bad/2", "none here")
    for number in range(20):
        repository.write(f"new/{number}", f"{number}")
    where = tree(repository)
    commit, refused = where.keep(where.look(), "one", "a checkpoint", 0)
    assert sorted(refused) == ["bad/1", "bad/2"]
    assert {"new/0", "new/19", ".gitattributes", "a.txt"} < repository.listed(commit)
    assert not any(path.startswith("bad/") for path in repository.listed(commit))


def test_a_repository_that_cannot_be_written_to(nobody: Path) -> None:
    repository = Repository.new(nobody / "project", nobody)
    itself = tree(repository).repository()
    assert writable(itself)
    for name in ("objects", "refs"):
        place = repository.path / ".git" / name
        place.chmod(0o500)
        assert not writable(itself)
        place.chmod(0o700)


def test_a_linked_work_tree(repository: Repository, home: Path) -> None:
    repository.git("worktree", "add", "-q", "-b", "side", str(home / "side"))
    side = Repository(home / "side", home)
    side.write("a.txt", "beside")
    work, commit = kept(side)
    assert work.root == str(home / "side")
    assert repository.shown(commit, "a.txt") == "beside"
    assert tree(side).repository() == tree(repository).repository()
    repository.git("worktree", "remove", "--force", str(home / "side"))
    itself = Kept.of(str(repository.path / ".git"), str(home))
    assert itself is not None
    itself.restore(commit, str(home / "back"))
    assert (home / "back/a.txt").read_text() == "beside"
    itself.forget("one")
    assert tree(repository).names() == []


def test_a_sparse_checkout_keeps_what_is_not_checked_out(repository: Repository) -> None:
    repository.git("sparse-checkout", "set", "--cone", "--sparse-index", "nowhere")
    assert not (repository.path / "dir/b.txt").exists()
    repository.write("a.txt", "changed")
    work, commit = kept(repository)
    assert [file.path for file in work.files] == ["a.txt"]
    assert repository.shown(commit, "dir/b.txt") == "two\n"


@pytest.mark.parametrize("how", [("set", "--cone", "nowhere"), ("set", "--no-cone", "/a.txt")])
def test_what_comes_back_of_a_sparse_checkout_is_whole(
    repository: Repository, home: Path, how: tuple[str, ...]
) -> None:
    repository.git("sparse-checkout", *how)
    repository.write("dir/new.txt", "new\n")
    _, commit = kept(repository)
    tree(repository).restore(commit, str(home / "back"))
    back = Repository(home / "back", home)
    names = {".gitignore", "a.txt", "dir/b.txt", "dir/new.txt"}
    for again in (("status",), ("reset", "--hard"), ("checkout", "-b", "on")):
        back.git(*again)
        assert {name for name in names if (back.path / name).exists()} == names
    assert back.git("status", "--porcelain") == ""
    assert not (repository.path / "dir/b.txt").exists()


def test_a_split_index(repository: Repository) -> None:
    repository.git("update-index", "--split-index")
    repository.write("a.txt", "changed")
    _, commit = kept(repository)
    assert repository.shown(commit, "a.txt") == "changed"


def test_line_ends_are_converted_as_git_does(repository: Repository) -> None:
    repository.git("config", "core.autocrlf", "true")
    repository.git("config", "core.safecrlf", "true")
    repository.write("a.txt", "one\r\nmore\r\n")
    _, commit = kept(repository)
    assert repository.shown(commit, "a.txt") == "one\nmore\n"


def test_pointers_of_large_files_stay(repository: Repository) -> None:
    """As git-lfs works: the commit holds a pointer, the work tree the file."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    repository.git("config", "filter.lfs.clean", f"printf '{pointer}'")
    repository.git("config", "filter.lfs.required", "true")
    repository.write(".gitattributes", "*.bin filter=lfs\n")
    os.utime(repository.write("big.bin", "large"), (1, 1))  # else git must look inside
    repository.git("add", ".")
    repository.git("commit", "-q", "-m", "large files")
    repository.write("a.txt", "x")
    work, commit = kept(repository)
    assert [file.path for file in work.files] == ["a.txt"]
    assert repository.shown(commit, "big.bin") == pointer


def test_many_files(repository: Repository) -> None:
    for folder in range(40):
        repository.write(f"many/{folder}/0", f"{folder}")
        for number in range(1, 500):
            (repository.path / f"many/{folder}/{number}").write_bytes(b"%d %d" % (folder, number))
    where = tree(repository)
    work = where.look()
    assert len(work.files) == 20_000
    commit, _ = where.keep(work, "many", "many", 0)
    assert len(repository.listed(commit)) == 20_003


def test_no_work_tree_is_none(home: Path) -> None:
    plain = home / "plain"
    plain.mkdir()
    assert Tree.around(str(plain), str(home)) is None
    bare = Repository(home / "bare", home)
    bare.git("init", "-q", "--bare")
    assert Tree.around(str(bare.path), str(home)) is None


def test_the_home_directory_is_never_kept(home: Path) -> None:
    dotfiles = Repository(home, home)
    dotfiles.git("init", "-q")
    assert Tree.around(str(home), str(home)) is None
    below = home / "below"
    below.mkdir()
    assert Tree.around(str(below), str(home)) is None


def test_a_repository_of_another_user_is_left_alone(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.getuid() == 0:
        for folder, _, _ in os.walk(repository.path):
            os.chown(folder, NOBODY, NOBODY)
        assert Kept.of(str(repository.path / ".git"), str(repository.home)) is None
    else:  # only root gives files away; git's own tests pretend it so
        programs, git = repository.home / "bin", shutil.which("git")
        programs.mkdir()
        script = programs / "git"
        script.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {git} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(ForeignError, match="another user"):
        Tree.around(str(repository.path), str(repository.home))


def test_a_name_is_given_once(repository: Repository) -> None:
    work, commit = kept(repository)
    with pytest.raises(GitError):
        tree(repository).keep(work, "one", "again", 0)
    assert repository.git("rev-parse", "refs/tmuxclaude/checkpoints/one").strip() == commit
    with pytest.raises(ValueError, match="not a checkpoint's name"):
        tree(repository).keep(work, "../../heads/main", "no", 0)


def test_a_lock_that_a_crash_left_on_our_name_goes_with_the_name(repository: Repository) -> None:
    lock = repository.write(".git/refs/tmuxclaude/checkpoints/one.lock", "")
    where = tree(repository)
    with pytest.raises(GitError):
        where.keep(where.look(), "one", "a checkpoint", 0)
    where.forget("one")
    assert not lock.exists()
    kept(repository)


def test_coming_back_and_comparing(repository: Repository, home: Path) -> None:
    repository.write("a.txt", "kept\n")
    _, commit = kept(repository)
    repository.write("a.txt", "later\n")
    where = tree(repository)
    where.restore(commit, str(home / "back"))
    assert (home / "back/a.txt").read_text() == "kept\n"
    assert (repository.path / "a.txt").read_text() == "later\n"
    now, _ = where.snapshot(where.look())
    patch = where.difference(commit, now)
    assert "-kept\n+later\n" in patch
    with pytest.raises(GitError, match="already exists"):
        where.restore(commit, str(home / "back"))
    where.forget("one")
    where.forget("one")
    assert where.names() == []


HOSTILE: dict[str, Callable[[Repository, str], None]] = {
    "fsmonitor": lambda r, run: r.git("config", "core.fsmonitor", run) and None,
    "textconv": lambda r, run: _attribute(r, "diff=evil", "diff.evil.textconv", run),
    "diff command": lambda r, run: _attribute(r, "diff=evil", "diff.evil.command", run),
    "external diff": lambda r, run: r.git("config", "diff.external", run) and None,
    "clean": lambda r, run: _attribute(r, "filter=evil", "filter.evil.clean", run),
    "odd clean": lambda r, run: _attribute(r, "filter=e.v=il", "filter.e.v=il.clean", run),
    "process": lambda r, run: _attribute(r, "filter=evil", "filter.evil.process", run),
    "smudge": lambda r, run: _attribute(r, "filter=evil", "filter.evil.smudge", run),
    "hooks": lambda r, run: _hooks(r, run),
    "signing": lambda r, run: _signing(r, run),
    "alternate refs": lambda r, run: r.git("config", "core.alternateRefsCommand", run) and None,
    "ssh": lambda r, run: _promisor(r, run),
    "a submodule's own": lambda r, run: _submodule(r, run),
    "a nested repository's own": lambda r, run: _spoil(
        Repository.new(r.path / "nested", r.home), run
    ),
}


def _attribute(repository: Repository, attribute: str, key: str, run: str) -> None:
    repository.write(".gitattributes", f"* {attribute}\n")
    repository.git("config", key, run)


def _hooks(repository: Repository, run: str) -> None:
    for name in ("post-index-change", "pre-commit", "reference-transaction", "post-checkout"):
        hook = repository.write(f".git/hooks/{name}", f"#!/bin/sh\n{run}\n")
        hook.chmod(0o755)


def _signing(repository: Repository, run: str) -> None:
    repository.git("config", "commit.gpgSign", "true")
    repository.git("config", "gpg.program", run)


def _submodule(repository: Repository, run: str) -> None:
    inner = Repository.new(repository.home / "inner", repository.home)
    source = ["submodule", "add", "-q", str(inner.path), "module"]
    repository.git("-c", "protocol.file.allow=always", *source)
    repository.git("commit", "-q", "-m", "with a submodule")
    _spoil(Repository(repository.path / "module", repository.home), run)


def _spoil(repository: Repository, run: str) -> None:
    """Everything at once, in a work tree that is looked into from the one around it."""
    _attribute(repository, "filter=evil", "filter.evil.clean", run)
    for key in ("filter.evil.process", "core.fsmonitor"):
        repository.git("config", key, run)
    repository.write("a.txt", "changed")
    hooks = Path(repository.git("rev-parse", "--absolute-git-dir").strip()) / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\n{run}\n")
        (hooks / name).chmod(0o755)


def _promisor(repository: Repository, run: str) -> None:
    """An object is missing, and would be fetched by a program."""
    blob = repository.git("rev-parse", "HEAD:dir/b.txt").strip()
    (repository.path / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", "ssh://localhost/x"),
        ("remote.origin.promisor", "true"),
        ("core.sshCommand", run),
    ):
        repository.git("config", key, value)


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_program_of_the_repository_runs(kind: str, repository: Repository, home: Path) -> None:
    marker = home / "it-ran"
    script = home / "evil"
    script.write_text(f"#!/bin/sh\n: >{marker}\ncat\n")
    script.chmod(0o755)
    HOSTILE[kind](repository, str(script))
    content = (repository.path / "a.txt").read_bytes()
    repository.write("a.txt", bytes(reversed(content)))  # the same size: git must look inside
    repository.write("new.txt", "new")
    where = tree(repository)
    where.uncommitted()
    work = where.look()
    commit, _ = where.keep(work, "one", "a checkpoint", 0)
    itself = Kept.of(where.repository(), str(home))
    assert itself is not None
    itself.forget("one")
    where.difference(commit, where.snapshot(work)[0])
    try:
        where.restore(commit, str(home / "back"))
    except GitError:
        assert kind == "ssh"  # its object cannot be had without asking a stranger
    assert not marker.exists()


def test_the_callers_environment_runs_nothing(
    repository: Repository, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = home / "it-ran"
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR"):
        monkeypatch.setenv(name, f"touch {marker}")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    repository.write("a.txt", "changed")
    _, commit = kept(repository)
    where = tree(repository)
    where.difference(f"{commit}^", commit)
    assert not marker.exists()


def test_an_embedded_bare_repository_is_not_entered(repository: Repository, home: Path) -> None:
    bare = Repository(repository.path / "nested", home)
    bare.git("init", "-q", "--bare")
    bare.git("config", "core.worktree", str(home))
    found = Tree.around(str(bare.path), str(home))
    assert found is None or found.root == str(repository.path)


def test_a_configuration_that_never_ends_is_an_error(repository: Repository) -> None:
    repository.git("config", "include.path", "/dev/zero")
    with pytest.raises(GitError):
        Tree.around(str(repository.path), str(repository.home))
