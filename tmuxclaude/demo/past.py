"""What a resumed conversation shows: its records read back into blocks of the history."""

from __future__ import annotations

import calendar
import time

from tmuxclaude.demo.limit import Allowance
from tmuxclaude.demo.part import Json
from tmuxclaude.demo.stage import Block
from tmuxclaude.demo.turns import clock


def retell(records: list[Json], allowance: Allowance, now: float) -> list[Block]:
    """The blocks, oldest first. The allowance learns of the limits that were met."""
    blocks: list[Block] = []
    for record in records:
        content = _content(record)
        quota = record.get("quotaLimits")
        if isinstance(quota, dict):
            met_at = _epoch(record["timestamp"])
            allowance.remember(str(quota["rateLimitType"]), met_at, float(quota["resetsAt"]))
            name = "limit-credits" if now < float(quota["resetsAt"]) else "limit"
            blocks.append(Block(name, content))
        elif record["type"] == "user" and content and not record.get("isMeta"):
            blocks.append(Block("user", content))
        elif record["type"] == "assistant" and content:
            blocks.append(Block("reply", content))
        elif record.get("subtype") == "informational":
            blocks.append(Block("notice", str(record["content"])))
        elif record.get("subtype") == "turn_duration":
            seconds = int(float(str(record["durationMs"])) / 1000)
            blocks.append(Block("done", seconds=seconds, clock=clock(_epoch(record["timestamp"]))))
    return blocks


def full() -> list[Block]:
    """A history that is longer than any pane is high."""
    blocks: list[Block] = []
    for number in range(1, 41):
        blocks.append(Block("user", f"earlier task {number}"))
        blocks.append(Block("reply", f"Task {number} is finished, and its tests are green."))
        blocks.append(Block("done", seconds=number, clock="9:14 PM"))
    return blocks


def _content(record: Json) -> str:
    """The text of a message, if it has one."""
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    texts = [str(block["text"]) for block in content or [] if block.get("type") == "text"]
    return "\n".join(texts)


def _epoch(timestamp: object) -> float:
    """Of `2026-11-20T21:15:57.614Z`."""
    text = str(timestamp)
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float(text[19:-1])
