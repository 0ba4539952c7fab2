"""The exceptions of this program, for what the code itself cannot answer.

MedflowError            a clear sentence for people; `cli` turns it into an exit code
├── SettingsError       the site file or a profile is wrong: file, key, what was expected
│   └── UnfitError      one value of a record cannot be; whoever reads the file adds where it stands
├── SecretError         a credential named by reference cannot be read
├── LabError            the lab cannot start, or a fault cannot be made
└── RefusedError        a guard or a lock said no
    ├── ReauthError     the log-in is too old for what is asked: ask for it again
    └── NoLoginError    the service refused the log-in

Each has a `cause`: the word (of `rules.auditing.record.REASONS`) by which the audit says why nothing was done.
"""

from __future__ import annotations

from types import MappingProxyType

from medflow_tui.model.words import Phrase


class MedflowError(Exception):
    """Carries a phrase, so that the sentence reaches people in their language."""

    cause = "fault"

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase.text.format_map(_Plain(phrase)))
        self.phrase = phrase


class _Plain(dict[str, object]):
    """Values of a phrase for `str(error)`: forms are ignored."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__({name: _Formless(value) for name, value in phrase.values.items()})


class _Formless:
    def __init__(self, value: object) -> None:
        self._value = value

    def __format__(self, form: str) -> str:
        return str(self._value)


class SettingsError(MedflowError):
    """The site file or a profile is wrong."""

    cause = "settings"


class UnfitError(SettingsError):
    """A record cannot hold this value. `key` is its field; the phrase has places for `file` and `key`."""

    def __init__(self, key: str, phrase: Phrase) -> None:
        super().__init__(phrase)
        self.key = key

    def at(self, file: str, key: str) -> SettingsError:
        """The same with the file and the whole key in it."""
        values = {**self.phrase.values, "file": file, "key": key}
        return SettingsError(Phrase(text=self.phrase.text, values=MappingProxyType(values)))


class SecretError(MedflowError):
    """A credential named by reference cannot be read."""

    cause = "settings"


class LabError(MedflowError):
    """The lab cannot start, or a fault cannot be made."""


class RefusedError(MedflowError):
    """A guard or a lock said no; `cause` where it was something else."""

    cause = "guard"

    def __init__(self, phrase: Phrase, cause: str = "") -> None:
        super().__init__(phrase)
        self.cause = cause or type(self).cause


class ReauthError(RefusedError):
    """The log-in is too old for what is asked: ask for it again."""

    cause = "login_refused"


class NoLoginError(RefusedError):
    """The service refused the log-in: a wrong password, a locked account, somebody who tries."""

    cause = "login_refused"
