"""Brings the real Claude Code, in one version, into a cache outside the repository.

`python -m tests.end_to_end.claude_code` installs it and prints where it lies. Only the native
binary of this platform is fetched, by npm as the user has configured it (registry, proxy); it
runs without node. Running the program is for `home` and `terminal`: here it is only asked for
its version, in an empty home.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

PINNED = "2.1.329"
VERSION = os.environ.get("E2E_CLAUDE_VERSION") or PINNED
"""The version of everything here; `make record VERSION=...` sets another one."""
SIZE = "about 380 MB"
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class InstallError(Exception):
    """Claude Code cannot be had here; the message says what to do."""


def cache() -> Path:
    """Where this version lies, or will lie."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tmuxclaude-tests" / f"claude-code-{VERSION}"


def binary() -> Path:
    """The program, under the name that tmux shows as a pane's current command."""
    return cache() / "bin" / "claude"


def package() -> str:
    """The npm package with the native binary of this platform."""
    try:
        name = f"{SYSTEMS[platform.system()]}-{MACHINES[platform.machine().lower()]}"
    except KeyError as unknown:
        raise InstallError(f"there is no Claude Code for this platform ({unknown})") from None
    if name.startswith("linux") and platform.libc_ver()[0] != "glibc":
        name += "-musl"
    return f"@anthropic-ai/claude-code-{name}"


def install() -> Path:
    """Make sure the program is there, and give its path.

    Two test workers may come at the same time: the second waits. The link in `bin` is made last,
    so it says that all before it was finished, and an interrupted install is simply done again.
    """
    if not binary().exists():
        cache().parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{cache()}.lock"):
            if not binary().exists():
                for remains in cache().glob("npm-*"):
                    shutil.rmtree(remains, ignore_errors=True)
                _link(_download())
    return binary()


def _download() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(
            f"npm is missing, and it fetches Claude Code {VERSION} for the end-to-end tests. "
            "Install Node.js with npm (https://nodejs.org, or the package `npm` of your system)."
        )
    print(f"Downloading Claude Code {VERSION} ({SIZE}) to {cache()}", file=sys.stderr, flush=True)
    cache().mkdir(exist_ok=True)
    # A folder of its own for each try: the npm of an interrupted one may still be writing.
    with tempfile.TemporaryDirectory(prefix="npm-", dir=cache(), ignore_cleanup_errors=True) as own:
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        command = [npm, "install", "--prefix", own, *quiet, f"{package()}@{VERSION}"]
        done = subprocess.run(command, cwd=own, capture_output=True, text=True, check=False)
        fetched = Path(own) / "node_modules" / package()
        if done.returncode or not (fetched / "claude").is_file():
            raise InstallError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
        folder = cache() / "package"
        shutil.rmtree(folder, ignore_errors=True)
        return fetched.rename(folder) / "claude"


def _link(program: Path) -> None:
    program.chmod(0o755)
    binary().parent.mkdir(exist_ok=True)
    fresh = binary().with_name("claude.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(program, fresh.parent))
    fresh.replace(binary())


def version() -> str:
    """What the program itself says."""
    with tempfile.TemporaryDirectory() as home:
        clean = {"HOME": home, "PATH": "/usr/bin:/bin", "DISABLE_AUTOUPDATER": "1"}
        command = [str(binary()), "--version"]
        return subprocess.check_output(command, env=clean, text=True).strip()


def main() -> int:
    try:
        print(install())
    except InstallError as reason:
        print(f"Cannot install Claude Code: {reason}", file=sys.stderr)
        return 1
    print(version())
    return 0


if __name__ == "__main__":
    sys.exit(main())
