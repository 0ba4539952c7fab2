"""Where the byte meter reads: what a driver gave to the terminal so far."""

from __future__ import annotations

from typing import Any


def written_by(app: Any) -> int | None:
    """Bytes that the driver of an application gave to the kernel; None where it does not count them.

    The seam to Textual 8.2.8 is `App._driver` and `Driver._writer_thread`, as in `driver`.
    """
    for each in (app._driver, getattr(app._driver, "_writer_thread", None)):
        found = getattr(each, "written", None)
        if isinstance(found, int):
            return found
    return None
