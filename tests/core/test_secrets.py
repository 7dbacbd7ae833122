"""What is taken out of a text, an argv and an environment, and what stays."""

from __future__ import annotations

import time

import pytest

from tmuxclaude.core.secrets import REDACTED, redact, redact_plain, redact_variables, redact_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key sk-ant-api03-AbC_d-9 was refused", "key * was refused"),
        ("Authorization: Bearer abc.def-1", "Authorization: * *"),
        ("mail ann.b+c@example.co.uk now", "mail * now"),
        ("http://ann:pw@host:80/x", "http://*@host:80/x"),
        ("https://ghp_0123456789@host", "https://*@host"),
        ("API_KEY=hunter2 LANG=C", "API_KEY=* LANG=C"),
        ('{"password": "hunter2", "n": 1}', '{"password": "*", "n": 1}'),
        ("?token=abc&x=1", "?token=*&x=1"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.sig", "*"),
        ("AKIAIOSFODNN7EXAMPLE", "*"),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert redact(text) == shown.replace("*", REDACTED)


@pytest.mark.parametrize(
    "text",
    [
        "idle → working",
        "/home/ann/task-skipping/monkey.py",
        "You've hit your 5-hour limit, resets 3pm",
        "0a1b2c3d-0000-4000-8000-000000000001",
        "tokens used: many",
        "author=ann keyboard=us",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_a_long_word_takes_no_long_time() -> None:
    began = time.process_time()
    for text in ("a" * 200_000, "a." * 100_000, "a=" * 50_000, "://" * 50_000, "-sk" * 50_000):
        redact(text)
    assert time.process_time() - began < 5


def test_an_argv() -> None:
    words = ["claude", "--api-key", "k", "--token=t", "--model", "opus", "--secret", "--verbose"]
    assert redact_words(words) == [
        *("claude", "--api-key", REDACTED, f"--token={REDACTED}", "--model", "opus"),
        *("--secret", "--verbose"),
    ]


def test_plain_data_keeps_its_shape() -> None:
    data = {"token": 5, "secret": None, "auth": "x", "list": ["sk-abcdefgh", 1, {"a": "b"}]}
    shown = {"token": 5, "secret": None, "auth": REDACTED, "list": [REDACTED, 1, {"a": "b"}]}
    assert redact_plain(data) == shown


def test_an_environment() -> None:
    pairs = [("GITHUB_TOKEN", "x"), ("DB_PASSWORD", "y"), ("LANG", "C"), ("MONKEY", "z")]
    pairs.append(("PROXY", "http://a:b@c"))
    assert redact_variables(pairs) == [
        ["GITHUB_TOKEN", REDACTED],
        ["DB_PASSWORD", REDACTED],
        ["LANG", "C"],
        ["MONKEY", "z"],
        ["PROXY", f"http://{REDACTED}@c"],
    ]
