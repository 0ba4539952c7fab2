"""The model of a thin line, by itself and with a real program behind it."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.line import THIN, Chunk, Line, Wire
from tests.bench.screen import first_seen
from tests.bench.terminal import Program, Size, Terminal

SIZE = Size(80, 24)
LATE_S = 0.15  # a busy machine
LINES = st.builds(
    Line, rate=st.sampled_from((500.0, 8000.0)), latency_s=st.sampled_from((0.0, 0.3)), holds=st.just(1000)
)
OUTPUT = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=600)), max_size=20)

ASKS = """
import os, sys, termios, time, tty
tty.setraw(0)
began = time.monotonic()
os.write(1, b"\\x1b[6n")
os.read(0, 64)
print(f"asked {time.monotonic() - began:.3f}", end="", flush=True)
os.read(0, 64)
print("typed", end="", flush=True)
time.sleep(9)
"""
FLOODS = """
import os, sys, time, tty
tty.setraw(0)
began = time.monotonic()
for each in range(200):
    os.write(1, b"x" * 1000)
print(f"written {time.monotonic() - began:.3f}", end="", flush=True)
time.sleep(9)
"""


def python(text: str, ready: str) -> Program:
    return Program(name="child", argv=(sys.executable, "-c", text), ready=ready, folder=Path("/"), quit="")


@given(LINES, OUTPUT)
def test_nothing_is_lost_and_nothing_comes_faster_than_the_line_carries(
    line: Line, output: list[tuple[float, bytes]]
) -> None:
    wire, now, shown = Wire(line), 0.0, list[Chunk]()
    for pause, data in output:
        now += pause
        shown += wire.carry(data, now)
    assert b"".join(each.data for each in shown) == b"".join(data for _, data in output)
    for before, after in itertools.pairwise(shown):
        assert after.at - before.at >= len(after.data) / line.rate - 1e-9
    if shown:
        assert shown[-1].at <= wire.all_shown_at(now) + 1e-9


def test_a_thousand_bytes_take_a_second_and_the_latency_at_a_thousand_bytes_a_second() -> None:
    line = Line(rate=1000.0, latency_s=0.2)
    program = python("import time; print('y' * 997 + 'END', end='', flush=True); time.sleep(9)", "END")
    with Terminal(program, SIZE, line=line) as terminal:
        terminal.until_ready()
        began = terminal.now
    found = first_seen("END", terminal.chunks, SIZE)
    assert found is not None
    assert began + 1.2 - LATE_S < found.at < began + 1.2 + LATE_S


def test_a_question_and_a_key_take_both_ways() -> None:
    with Terminal(python(ASKS, "asked"), SIZE, line=THIN) as terminal:
        terminal.until_ready()
        terminal.until_shown()
        pressed = terminal.now
        terminal.press("j")
        terminal.until("typed")
    asked = float(b"".join(each.data for each in terminal.chunks).partition(b"asked ")[2][:5])
    assert asked == pytest.approx(2 * THIN.latency_s, abs=LATE_S)
    assert terminal.chunks[-1].at - pressed == pytest.approx(2 * THIN.latency_s, abs=LATE_S)


def test_a_program_that_writes_more_than_the_line_holds_is_held_up() -> None:
    line = Line(rate=80_000.0, latency_s=0.3, holds=8000)
    with Terminal(python(FLOODS, "written"), SIZE, line=line) as terminal:
        terminal.until_ready()
    took = float(b"".join(each.data for each in terminal.chunks).partition(b"written ")[2][:5])
    kernel = 65536  # what a pseudo-terminal holds by itself, at most
    assert (200_000 - line.holds - kernel) / line.rate - LATE_S < took < 200_000 / line.rate + LATE_S
