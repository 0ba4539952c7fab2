"""Credentials by reference: the site file names where a secret is, never the secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from medflow_tui.model.errors import SecretError
from medflow_tui.model.words import say


def read_secret(reference: str, folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The secret that `env:NAME` or `file:PATH` names; a file must belong to us (or root) with mode 0600 or less.

    Raises SecretError with the reference, never with content.
    """
    scheme, _, place = reference.partition(":")
    if scheme == "env":
        value = environ.get(place)
        if not value:
            raise SecretError(say("the environment variable {name} is not set", name=place))
        return value
    if scheme == "file":
        return _from_file(folder / place)
    raise SecretError(
        say(
            "a secret is named as env:NAME or file:PATH, not written in the site file (found {scheme}:…)",
            scheme=scheme[:8],
        )
    )


def _from_file(path: Path) -> str:
    try:
        found = path.stat()
        if os.name == "posix":
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise SecretError(say("others may read the secret file {path}: chmod 600", path=str(path)))
            if found.st_uid not in (os.getuid(), 0):
                raise SecretError(say("the secret file {path} belongs to somebody else", path=str(path)))
        text = path.read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError as error:
        raise SecretError(say("the secret file {path} does not exist", path=str(path))) from error
    except UnicodeDecodeError as error:
        raise SecretError(say("the secret file {path} is not UTF-8 text", path=str(path))) from error
    except OSError as error:
        raise SecretError(say("the secret file {path} cannot be read", path=str(path))) from error
    if not text:
        raise SecretError(say("the secret file {path} is empty", path=str(path)))
    return text
