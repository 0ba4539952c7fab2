"""Command lines that mean a dashboard, understood at once: making the whole grammar takes longer than drawing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import SimpleNamespace

LANGUAGE_VARIABLE, LOW_VARIABLE = "MEDFLOW_TUI_LANG", "MEDFLOW_TUI_LOW"
LANGUAGES = ("auto", "en", "fr")
VALUES = {"--site": "site", "--state": "state", "--lang": "lang"}
FLAGS = {"--stock-terminal": "stock_terminal", "--low": "low"}
FAILED = 1


def straight(words: Sequence[str]) -> SimpleNamespace | None:
    """What `arguments.parser` would make of the words; None for all but the plainest, which it is asked about.

    >>> straight(["--site", "a.toml", "--low"]).site
    'a.toml'
    >>> straight(["--site"]), straight(["check"])
    (None, None)
    """
    found: dict[str, object] = {
        "site": None,
        "state": None,
        "lang": os.environ.get(LANGUAGE_VARIABLE, "auto"),
        "low": asked_low(os.environ.get(LOW_VARIABLE, "")),
        "budget": None,
        "stock_terminal": False,
        "crashed": FAILED,
        "rest": [],
    }
    is_lab = words[-1:] == ["lab"]
    left = list(words[:-1] if is_lab else words)
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word in FLAGS:
            found[FLAGS[word]] = True
        elif name in VALUES and (equals or (left and left[0] and not left[0].startswith("-"))):
            found[VALUES[name]] = value = value if equals else left.pop(0)
            if name == "--lang" and value not in LANGUAGES:
                return None
        else:
            return None
    return SimpleNamespace(call=_lab if is_lab else _dashboard, **found)


def _dashboard(options: SimpleNamespace, common: object) -> int:
    from medflow_tui.cli import dashboard

    return dashboard.dashboard(options, common)  # type: ignore[arg-type]


def _lab(options: SimpleNamespace, common: object) -> int:
    from medflow_tui.cli import dashboard

    return dashboard.lab(options, common)  # type: ignore[arg-type]


def spoken(words: Sequence[str]) -> str:
    """The language named on a command line, else by the variable, before anything else is understood.

    >>> spoken(["check", "--lang", "fr"]), spoken(["--lang=en"])
    ('fr', 'en')
    """
    for at, word in enumerate(words):
        if word == "--lang" and at + 1 < len(words):
            return words[at + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return os.environ.get(LANGUAGE_VARIABLE, "auto")


def asked_low(value: str) -> bool | None:
    """What the variable says: yes, no (`0`), or nothing.

    >>> asked_low("1"), asked_low("0"), asked_low("")
    (True, False, None)
    """
    return value != "0" if value else None


def split_lab(words: list[str]) -> tuple[list[str], list[str]]:
    """The words before and after `lab`: what follows has a grammar of its own.

    >>> split_lab(["--lang", "fr", "lab", "--headless"])
    (['--lang', 'fr', 'lab'], ['--headless'])
    """
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word in (*VALUES, "--budget"):
            skip = True
        elif word == "lab":
            return words[: at + 1], words[at + 1 :]
        elif not word.startswith("-"):
            break
    return words, []
