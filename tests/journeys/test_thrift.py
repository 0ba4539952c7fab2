"""On a real terminal: the budget throttles what flows and says so, and low-data mode costs clearly less."""

from __future__ import annotations

import re
import sys
import time

import pytest

from tests.servers.small_site import surroundings
from tests.servers.terminal import Terminal, running
from tests.servers.typical import ALL, CLEARLY, parts, settle, with_sum

BEYOND_SIXTEEN = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")
SHOWN = "F2 Services"
REDRAW = "\x0c"  # ctrl+l
WELL_OVER = 80_000  # bytes, so that rounding to 0.1 MB is not in doubt
WATCHED_S = 11.0  # two drawings at the slowest tick


def medflow(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "medflow_tui", *words)


def bytes_in(terminal: Terminal, seconds: float) -> int:
    """What is written in that time; the time itself is what is measured."""
    before, ends = len(terminal.written), time.monotonic() + seconds
    while time.monotonic() < ends:
        terminal.read(0.1)
    return len(terminal.written) - before


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "over 60 B/s: every 2 s (1/5)", "over 60 B/s: every 5 s (2/5)"),
        (
            "fr",
            "> 60 o/s\N{NO-BREAK SPACE}: toutes les 2\N{NO-BREAK SPACE}s (1/5)",
            "> 60 o/s\N{NO-BREAK SPACE}: toutes les 5\N{NO-BREAK SPACE}s (2/5)",
        ),
    ],
)
def test_over_the_budget_the_flow_is_throttled_step_by_step_and_it_says_so(
    language: str, first: str, second: str
) -> None:
    command = medflow("--lang", language, "--budget", "60", "lab", "--pulse")
    with running(command, surroundings()) as terminal:
        terminal.shows("F2 Services")
        settled = bytes_in(terminal, 3.0)  # the rest of the first paint
        usual = bytes_in(terminal, 6.0) / 6.0
        assert usual > 60, settled
        terminal.shows(first)
        terminal.shows(second)
        throttled = bytes_in(terminal, WATCHED_S) / WATCHED_S
        assert throttled < 60
        assert throttled < usual / 2
        assert second in terminal.text
        before = len(terminal.written)
        terminal.type("j")
        terminal.until(lambda: terminal.screen.display[4].startswith("▸"), "a key is answered", 2.0)
        assert len(terminal.written) - before < 2_000
        terminal.type("q")
        assert terminal.ended() == 0


def test_a_typical_session_costs_clearly_less_in_low_data_mode() -> None:
    low, usual = with_sum(parts(is_low=True)), with_sum(parts(is_low=False))
    print(*(f"{name:<18} {usual[name]:>6} B {low[name]:>6} B" for name in low), sep="\n")
    assert low[ALL] <= CLEARLY * usual[ALL]
    assert all(low[name] <= usual[name] + 100 for name in low), (low, usual)


@pytest.mark.parametrize(
    ("words", "environment", "is_low"),
    [(("--low",), {}, True), ((), {"MEDFLOW_TUI_LOW": "1"}, True), ((), {"MEDFLOW_TUI_LOW": "0"}, False)],
)
def test_low_data_mode_by_option_and_by_variable_has_sixteen_colours_and_rests(
    words: tuple[str, ...], environment: dict[str, str], is_low: bool
) -> None:
    surrounding = surroundings(COLORTERM="truecolor", **environment)
    with running(medflow("--lang", "en", *words, "lab", "--still"), surrounding) as terminal:
        terminal.shows(SHOWN, "? help", "the log is off" if is_low else "no lines at this level")
        assert ("low" in terminal.screen.display[0]) is is_low
        settle(terminal)
        if is_low:
            terminal.type("/")
            terminal.shows("only rows")
            terminal.type("x\x1b")
            terminal.shows("? help")
            settle(terminal)
            assert not BEYOND_SIXTEEN.search(terminal.written)
        assert bytes_in(terminal, 3.0) == 0
        terminal.type("q")
        assert terminal.ended() == 0


def test_the_header_counts_every_byte_that_the_terminal_got() -> None:
    """Told with the next change of the header, and not before."""
    command = medflow("--lang", "en", "lab", "--still")
    with running(command, surroundings()) as terminal:
        terminal.shows(SHOWN, "? help")
        while len(terminal.written) < WELL_OVER:
            before = len(terminal.written)
            terminal.type(REDRAW)
            terminal.until(lambda: len(terminal.written) > before + 1_000, "all of it anew")  # noqa: B023
        settle(terminal)
        terminal.type("p")
        terminal.shows("PAUSED")
        (shown,) = re.findall(r"([0-9.]+) MB", terminal.screen.display[0])
        assert float(shown) == round(len(terminal.written) / 1e6, 1)
        terminal.type("pq")
        assert terminal.ended() == 0
