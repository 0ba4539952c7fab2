"""The plain copy of a program that nobody knows: how much of what it counts, and never whose number or name it was."""

from __future__ import annotations

import pytest

from medflow_tui.rules.plainly import only_known


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password 482913", "password […]"),
        ("code: 4829 files", "code: […] files"),
        ("row 101049 rejected", "row […] rejected"),
        ("record - 12 rows", "record - […] rows"),
        ("dossier 2026 001234", "dossier […]"),
        ("1971 05 04", "[…]"),
        ("1971 - 05 - 04 rows", "[…] - - rows"),
        ("12s 34 rows", "12s […] rows"),
        ("12ab 34cd 56ef 78gh", "[…]"),
        ("0 8 1 2 3 4 5 6 7 8", "[…]"),
        ("17 rejected: 101049, 12, 1971", "[…] rejected: […]"),
        ("123456 rows", "[…] rows"),
        ("12345.6 rows", "[…] rows"),
        ("line 5, row 7: not valid", "line […] row […] not valid"),
        ("restored for Le Du", "restored for […]"),
        ("Le Du", "[…]"),
        ("Du, Le : error", "[…] : error"),
        ("Restored Kabuya Page", "Restored […]"),
        ("(12) files", "[…] files"),
    ],
)
def test_a_number_or_a_name_that_may_be_somebodys_is_left_out(line: str, shown: str) -> None:
    assert only_known(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "12 documents restored, 3 errors",
        "restored 12,345 rows in 4.5 s",
        "45% done (12 MB), 350ms",
        "12 octets écrit",
        "ERROR: Restored 5 files",
        "WARN ERROR FAILED",
        "ERROR Restore failed",
    ],
)
def test_how_it_went_stays(line: str) -> None:
    assert only_known(line) == line
