"""The application held still: it is run without a terminal, keys are pressed, and what is on the screen is taken.

The seam to Textual 8.2.8 is `Screen._compositor.render_strips`, as in `frames`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.style import Style
from textual.app import App
from textual.widgets import Input

PATIENCE_S = 10.0
THEME = "ansi-dark"  # as `wiring` sets it for a terminal: the colours keep their names
Run = tuple[str, Style]


class NeverShownError(Exception):
    """What a portrait waits for did not come on the screen."""


FOLLOWING = "follow "  # the name of a thread that lasts as long as its run


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A screen as runs of text in one style, a tuple for each line; every line has the width of the terminal."""

    width: int
    lines: tuple[tuple[Run, ...], ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Without styles and without blanks at the ends."""
        return tuple("".join(text for text, _ in each).rstrip() for each in self.lines)


async def sit(
    app: App[Any],
    begin: Callable[[], None],
    size: tuple[int, int],
    keys: Sequence[str] = (),
    *,
    shows: str = "",
) -> Portrait:
    """The screen after these keys; a text to type, which is no key's name, begins with `=`. `begin` is called first.

    Taken when the threads that the keys started have ended, or when the text `shows` is there; raises NeverShownError.
    """
    before = set(threading.enumerate())
    async with app.run_test(size=size) as pilot:
        app.theme = THEME
        await pilot.pause()
        begin()
        for key in keys:
            await _settled(app, pilot, before)
            is_text = key.startswith("=")
            while is_text and not isinstance(app.screen.focused, Input):  # a question listens late
                await pilot.pause(0.02)
            await pilot.press(*(key[1:] if is_text else (key,)))
        await _settled(app, pilot, before, shows)
        return Portrait(width=size[0], lines=_lines(app))


async def _settled(app: App[Any], pilot: Any, before: set[threading.Thread], shows: str = "") -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        await pilot.pause()
        screen = "\n".join("".join(text for text, _ in each) for each in _lines(app))
        ended = shows in screen if shows else not any(each.is_alive() for each in _newer(before))
        if ended:
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise NeverShownError(f"{shows!r} did not come on the screen:\n{screen}")


def _newer(before: set[threading.Thread]) -> set[threading.Thread]:
    return {each for each in set(threading.enumerate()) - before if not each.name.startswith(FOLLOWING)}


def screen_texts(app: App[Any]) -> tuple[str, ...]:
    """What is on the screen now, a line each, without styles and without blanks at the ends."""
    return tuple("".join(text for text, _ in each).rstrip() for each in _lines(app))


def _lines(app: App[Any]) -> tuple[tuple[Run, ...], ...]:
    lines = []
    for strip in app.screen._compositor.render_strips():
        runs: list[Run] = []
        for text, style, control in strip:
            if control or not text:
                continue
            own = style or Style.null()
            if runs and runs[-1][1] == own:
                runs[-1] = (runs[-1][0] + text, own)
            else:
                runs.append((text, own))
        lines.append(tuple(runs))
    return tuple(lines)
