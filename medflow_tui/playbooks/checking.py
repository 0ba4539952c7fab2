"""The linter: every complaint about a file, or about all playbooks that a site would use."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from medflow_tui.model.playbook import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.lint import check
from medflow_tui.playbooks.load import read
from medflow_tui.playbooks.reading import PlaybookError
from medflow_tui.playbooks.shelf import folders_of, stock


def of_file(file: str, actions: Collection[str]) -> Iterator[Phrase]:
    """All that is wrong with one file; `actions` are the names that it may use."""
    try:
        playbook = read(Path(file).read_text(encoding="utf-8"), file)
    except PlaybookError as error:
        yield error.phrase
    except (OSError, UnicodeDecodeError) as error:
        yield say("{file} cannot be read: {why}", file=file, why=getattr(error, "strerror", "") or "UTF-8?")
    else:
        for complaint in (*check(playbook), *of_actions(playbook, actions)):
            yield say("{file}", file=file).also(complaint)


def of_site(site_file: str, actions: Collection[str], *, strict: bool = False) -> Iterator[Phrase]:
    """All that is wrong with the playbooks of a site, and the files that it refuses (`strict`, as in production)."""
    shelf = stock(folders_of(site_file), strict=strict)
    yield from (each.why for each in shelf.refused)
    for playbook in shelf.playbooks:
        yield from (say("{file}", file=playbook.id).also(each) for each in of_actions(playbook, actions))


def of_actions(playbook: Playbook, actions: Collection[str]) -> Iterator[Phrase]:
    """Actions that nobody carries out."""
    for name in sorted(set(playbook.actions()) - set(actions)):
        yield say("there is no action {action} in this version", action=name)
