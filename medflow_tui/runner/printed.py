"""What the programs of a run printed: sealed as it was, and beside it a redacted copy, which alone is shown."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.small_file import replace_text
from medflow_tui.model.playbook import Expect, Step
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.plainly import only_known, words_in
from medflow_tui.rules.redaction import redact

SEALED, OUT, KINDS, COPY = "sealed", "out", ("out", "err"), ".txt"
SHOWN_LINES, WIDEST, TAIL = 400, 400, 8
MOST_READ = 1024 * 1024  # bytes of the end of what a program printed


def redacted(text: str) -> list[str]:
    """The end of what was printed, line by line, for people.

    >>> redacted("loaded\\npassword=hunter2\\n")
    ['loaded', 'password=[secret]']
    """
    return [redact(clean(each))[:WIDEST] for each in text.splitlines()][-SHOWN_LINES:]


def lay_copy(folder: Path, name: str) -> None:
    """`out/NAME.txt` in the folder of a run, of `sealed/NAME.out` and `.err`. Raises OSError."""
    _lay(folder, name, redacted(end_of(sealed_files(folder, name))))


def lay_plain_copy(folder: Path, step: Step) -> None:
    """The same of a program that nobody here knows: only words that are known, and those of the step's author."""
    expect = step.expect or Expect()
    titles = (step.title.en, *step.title.others.values())
    texts = (*titles, *expect.stdout_require, *expect.stdout_forbid, *expect.stderr_forbid)
    known, printed = words_in(*texts), redacted(end_of(sealed_files(folder, step.id)))
    _lay(folder, step.id, [only_known(each, known) for each in printed])


def _lay(folder: Path, name: str, lines: list[str]) -> None:
    replace_text(copy_of(folder, name), "\n".join(lines) + "\n")


def tail(folder: Path, name: str, lines: int = TAIL) -> tuple[str, ...]:
    """The last lines of a copy, redacted once more: whoever may write there is not believed. Never raises."""
    with suppress(OSError):
        text = end_of([copy_of(folder, name)])
        return tuple([each for each in redacted(text) if each.strip()][-lines:])
    return ()


def copy_of(folder: Path, name: str) -> Path:
    return folder / OUT / f"{name}{COPY}"


def copies(folder: Path) -> tuple[str, ...]:
    """The names of all copies of a run."""
    with suppress(OSError):
        return tuple(sorted(each.stem for each in (folder / OUT).glob(f"*{COPY}") if each.is_file()))
    return ()


def sealed_files(folder: Path, name: str) -> list[Path]:
    """What a program printed and complained of, as far as it did; of no other folder, whatever the name says."""
    found = [folder / SEALED / f"{name}.{kind}" for kind in KINDS if Path(name).name == name]
    return [each for each in found if each.is_file() and not each.is_symlink()]


def end_of(files: Iterable[Path]) -> str:
    """Whole lines only: without its beginning, a secret or a name would not be recognised. Raises OSError."""
    return "\n".join(_end_of(each) for each in files)


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MOST_READ))
        content = file.read(MOST_READ) if file.tell() == 0 else file.read(MOST_READ).partition(b"\n")[2]
    return content.decode("utf-8", errors="replace")
