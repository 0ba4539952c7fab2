"""Build hook of hatchling: compiles every catalogue (.po) into the binary form that gettext reads (.mo)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogues(folder: Path) -> list[Path]:
    """Write `*.mo` beside each `*.po` below the folder, and return what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file)
        target = source.with_suffix(".mo")
        with target.open("wb") as file:
            write_mo(file, catalogue)
        written.append(target)
    return written


def get_build_hook() -> type:
    """The hook class, as hatchling asks for it; hatchling is there while building only."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class CatalogueBuildHook(BuildHookInterface[Any]):
        """Runs at every build, of wheels and of editable installs alike."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            compile_catalogues(Path(self.root) / "medflow_tui" / "locale")

    return CatalogueBuildHook
