"""The exceptions of this program, for what the code itself cannot answer.

MedflowError            a clear sentence for people; `cli` turns it into an exit code
├── SettingsError       the site file or a profile is wrong: file, key, what was expected
├── SecretError         a credential named by reference cannot be read
├── LabError            the lab cannot start, or a fault cannot be made
└── RefusedError        a guard or a lock said no
"""

from __future__ import annotations

from medflow_tui.model.words import Phrase


class MedflowError(Exception):
    """Carries a phrase, so that the sentence reaches people in their language."""

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


class SecretError(MedflowError):
    """A credential named by reference cannot be read."""


class LabError(MedflowError):
    """The lab cannot start, or a fault cannot be made."""


class RefusedError(MedflowError):
    """A guard or a lock said no."""
