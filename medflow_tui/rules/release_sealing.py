"""What may be sealed as a version: no secrets, nothing outside of its folder, lock files, and words that are whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from medflow_tui.model.releases import Manifest
from medflow_tui.rules.releases import SCRIPT, is_inside, sums_of

SECRET_NAME = re.compile(
    r"(?i)\.env(\.(?!example$|sample$|template$|dist$)[^/]+)?|id_(rsa|dsa|ecdsa|ed25519)|.+\.(p12|pfx|jks|keystore)"
)
SECRET_CONTENT = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|^\s*//\S+:_authToken=(?!\$\{)\S", re.MULTILINE
)
LOOKED_AT = 65536
"""Bytes at the beginning of a file in which SECRET_CONTENT is looked for."""
DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies")


def is_secret(path: str, head: bytes = b"") -> bool:
    """Whether a file is one that belongs to a site and never to a version; `head` are its first bytes.

    >>> [is_secret(each) for each in ("backend/.env", ".env.production", ".env.example", "environment.js")]
    [True, True, False, False]
    >>> is_secret("tls/server.key", b"-----BEGIN RSA PRIVATE KEY-----")
    True
    """
    return bool(SECRET_NAME.fullmatch(path.rpartition("/")[2]) or SECRET_CONTENT.search(head))


def lockless(packages: Mapping[str, object], locks: Iterable[str]) -> tuple[str, ...]:
    """Folders whose package.json names packages, while no lock file lies in them or above.

    >>> lockless({"backend": {"dependencies": {"a": "1"}}, "": {}}, ["frontend"])
    ('backend',)
    """
    places = set(locks)
    return tuple(
        folder
        for folder, told in packages.items()
        if isinstance(told, dict)
        and any(told.get(each) for each in DEPENDENCIES)
        and not places & {folder, *_above(folder)}
    )


def _above(folder: str) -> set[str]:
    parts = folder.split("/")
    return {"", *("/".join(parts[:at]) for at in range(1, len(parts)))}


def lines_of(sums: Mapping[str, str]) -> str | None:
    """The content of SHA256SUMS; None when one of the names cannot be written in it, or not on every system."""
    text = "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
    return text if all(map(is_inside, sums)) and sums_of(text) == dict(sums) else None


def words_of(manifest: Manifest) -> dict[str, object]:
    """As `release.json` has it."""
    data = {"reads": list(manifest.reads), "writes": manifest.writes} if manifest.reads else {}
    return {
        "version": manifest.version,
        "commit": manifest.commit,
        "node": manifest.node,
        "files": manifest.files,
        "data": data,
        "scripts": dict(manifest.scripts),
    }


def scripts_of(given: Sequence[str]) -> dict[str, str] | None:
    """`NAME=PATH` of each; None when one is none.

    >>> scripts_of(["migrate=backend/scripts/migrate.js"]), scripts_of(["../x"])
    ({'migrate': 'backend/scripts/migrate.js'}, None)
    """
    found: dict[str, str] = {}
    for each in given:
        name, equals, path = each.partition("=")
        if not equals or not SCRIPT.fullmatch(name) or not is_inside(path) or name in found:
            return None
        found[name] = path
    return found
