"""What this program writes about itself: its log and its crash reports, redacted, in its own folder, mode 0600."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from medflow_tui.journal.private import make_folder
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import WITHHELD, redact

NAME = "medflow_tui"
FILE = "medflow-tui.log"
MEGABYTE = 1024 * 1024
FRAMES = 60
LONGEST = 4000


def safe(text: str) -> str:
    """Text as it may be written: line by line cleaned and redacted, at most 4,000 characters of each line."""
    return "\n".join(redact(clean(line[: 4 * LONGEST]))[:LONGEST] for line in text.splitlines())


class RedactedFormatter(logging.Formatter):
    """Time in UTC, level, thread, text; what is written of an exception has no local variables."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        try:
            text = safe(record.getMessage())
            if record.exc_info and record.exc_info[1] is not None:
                text += "\n" + told(record.exc_info[1])
        except Exception:
            text = WITHHELD
        return f"{at} {record.levelname.lower()} {record.name} [{safe(record.threadName or '')}] {text}"


class _QuietHandler(RotatingFileHandler):
    """A log that cannot be written (full disk) must neither stop the program nor write on its screen."""

    def _open(self):  # type: ignore[no-untyped-def]
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        return


def keep_own_log(
    folder: Path, *, file: str = FILE, level: int = logging.INFO, max_bytes: int = MEGABYTE, older: int = 3
) -> logging.Logger:
    """The program's logger, writing into `folder` (made when missing) and nowhere else; without a folder it is silent.

    Every `logging.getLogger("medflow_tui.…")` ends here. Calling it again replaces the file. Never raises.
    """
    logger = logging.getLogger(NAME)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        with contextlib.suppress(Exception):
            handler.close()
    logger.propagate = False
    logger.setLevel(level)
    handler = _handler(folder / file, max_bytes, older)
    logger.addHandler(handler)
    return logger


def _handler(path: Path, max_bytes: int, older: int) -> logging.Handler:
    try:
        make_folder(path.parent)
        handler = _QuietHandler(path, maxBytes=max_bytes, backupCount=older, encoding="utf-8", delay=False)
    except (OSError, ValueError):
        return logging.NullHandler()
    handler.setFormatter(RedactedFormatter())
    return handler


def told(error: BaseException) -> str:
    """An exception with its causes: files, lines and names of functions, never values of variables; redacted."""
    try:
        kept = traceback.TracebackException.from_exception(
            error, limit=-FRAMES, capture_locals=False, compact=True
        )
        return safe("".join(kept.format()))
    except Exception:
        return f"{type(error).__name__} (its traceback could not be written)"


def write_crash_report(
    error: BaseException,
    folder: Path,
    *,
    version: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Path | None:
    """A new file of mode 0600 about an error, in `folder` or else in the system's temporary folder.

    None when neither can be written (full disk). Never raises.
    """
    try:
        at = now()
        text = "\n".join(
            (
                f"medflow-tui {version}".rstrip(),
                f"at {at.isoformat(timespec='seconds')}",
                f"python {sys.version.split()[0]} on {sys.platform}",
                "",
                told(error),
                "",
            )
        )
        name = f"crash-{at.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
    except Exception:
        return None
    for place in (folder, Path(tempfile.gettempdir())):
        path = _written(place, name, text)
        if path is not None:
            return path
    return None


def _written(folder: Path, name: str, text: str) -> Path | None:
    """A file that did not exist before, whole or not at all."""
    for number in range(5):
        path = folder / (f"{name}.txt" if not number else f"{name}-{number}.txt")
        try:
            make_folder(folder)
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600
            )
        except FileExistsError:
            continue
        except (OSError, ValueError):
            return None
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return path
    return None
