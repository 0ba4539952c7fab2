"""Where the style sheets are: inside the package in a wheel, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path, PurePath


def sheets() -> list[str | PurePath]:
    """Absolute paths of all style sheets, in the order of their names."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "styles"
    folder = inside if inside.is_dir() else package.parent / "styles"
    return [*sorted(folder.glob("*.tcss"))]
