"""The commands of docs/http.md are run as they stand, and what stands below them comes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.web.door import Door
from tmuxclaude.web import application, gate
from tmuxclaude.web.endpoints import ENDPOINTS, HIDDEN

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()


def test_the_examples_run(door: Door, tmp_path: Path) -> None:
    (tmp_path / "tmuxclaude").symlink_to(door.file.parent)
    script = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env=door.home.env | {"XDG_RUNTIME_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = re.findall(r"^# (\{.*)$", script, re.MULTILINE)
    for told, came in zip(map(json.loads, written), done.stdout.splitlines(), strict=True):
        shape = [(name, type(value)) for name, value in json.loads(came).items()]
        assert shape == [(name, type(value)) for name, value in told.items()], came


def test_every_endpoint_and_every_answer_is_told() -> None:
    for endpoint in ENDPOINTS:
        [row] = re.findall(rf"^\| `{endpoint.method} {endpoint.path}` \|(.*)$", PAGE, re.MULTILINE)
        fields = set(endpoint.request.__struct_encode_fields__) - HIDDEN
        assert set(re.findall(r"\*?`(\w+)`", row)) - {"register"} == fields
    errors = set(re.findall(r"^\| (\d+) \| (`.*?) \|", PAGE, re.MULTILINE))
    told = {(status, code) for status, codes in errors for code in re.findall(r"`(\w+)`", codes)}
    sources = "".join(Path(str(module.__file__)).read_text() for module in (application, gate))
    for status, code in re.findall(r'RefusalError\(\s*(\d+), "(\w+)"', sources):
        assert (status, code) in told
    for code, number in application.STATUSES.items():
        assert (str(number), code) in told
