"""Where in which file something was said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in which file: for the sentence that names it."""

    file: str
    key: str = ""

    def at(self, key: str) -> Place:
        return Place(file=self.file, key=f"{self.key}.{key}" if self.key else key)

    @property
    def last(self) -> str:
        """The key itself, without the tables that it stands in."""
        return self.key.rpartition(".")[2]
