"""Reads playbooks: TOML in, a frozen Playbook out, and a clear sentence for everything that is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from medflow_tui.model.playbook import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.building import read
from medflow_tui.playbooks.lint import check, check_kept
from medflow_tui.playbooks.reading import PlaybookError


def shipped() -> Path:
    """The folder of the playbooks that come with the program."""
    return Path(__file__).parent


def load_all(folder: Path) -> tuple[Playbook, ...]:
    """Every playbook of a folder, by name. Raises PlaybookError."""
    return tuple(map(load, sorted(folder.glob("*.toml"))))


def load(path: Path) -> Playbook:
    """The playbook in a file. Raises PlaybookError."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlaybookError(say("{file} is not UTF-8 text", file=str(path))) from error
    except OSError as error:
        raise PlaybookError(
            say("{file} cannot be read: {why}", file=str(path), why=error.strerror or "?")
        ) from error
    return admit(source, str(path))


def admit(source: str, file: str) -> Playbook:
    """The playbook in a text that is to be used from now on; `file` names it in errors. Raises PlaybookError."""
    return _checked(source, file, check)


def parse(source: str, file: str) -> Playbook:
    """The same of a text that a run keeps, maybe of an earlier version. Raises PlaybookError."""
    return _checked(source, file, check_kept)


def _checked(source: str, file: str, rules: Callable[[Playbook], Iterator[Phrase]]) -> Playbook:
    playbook = read(source, file)
    for complaint in rules(playbook):
        raise PlaybookError(say("{file}:", file=file).also(complaint))
    return playbook


__all__ = ["PlaybookError", "admit", "load", "load_all", "parse", "read", "shipped"]
