"""Notices to places elsewhere: one that hangs, as a dead mount does, holds up nobody."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from medflow_tui.journal import orders
from medflow_tui.journal.orders import tell_elsewhere


def test_a_place_that_hangs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "TOLD_WITHIN_S", 0.2)
    os.mkfifo(tmp_path / "dead")  # opening it waits for a reader
    began = time.monotonic()
    told = tell_elsewhere((str(tmp_path / "near.jsonl"), str(tmp_path / "dead")), {"ev": "passive.on"})
    assert time.monotonic() - began < 3.0
    assert told == 1
    assert "passive.on" in (tmp_path / "near.jsonl").read_text()
    with (tmp_path / "dead").open("rb") as reader:  # the thread is let go
        assert b"passive.on" in reader.read()


def test_a_place_that_cannot_be_written_is_not_counted(tmp_path: Path) -> None:
    assert tell_elsewhere((str(tmp_path / "no" / "x.jsonl"), str(tmp_path)), {"ev": "passive.on"}) == 1
