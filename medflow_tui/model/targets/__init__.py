"""Every kind of target, one file each; `KINDS` is the only list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from medflow_tui.model.target import Target

_NAMES = (
    *("backups", "http", "payments", "mongodb", "isolation", "redis", "share", "queue"),
    *("devices", "clinics", "host", "port", "process", "uplink", "log"),
)


class _Kinds(Mapping[str, type[Target]]):
    """The class of each kind, `KindTarget` of the module `kind`, made when it is asked for: a site has but a few."""

    def __getitem__(self, name: str) -> type[Target]:
        if name not in _NAMES:
            raise KeyError(name)
        found: type[Target] = getattr(import_module(f"{__name__}.{name}"), f"{name.title()}Target")
        return found

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


KINDS: Mapping[str, type[Target]] = _Kinds()
