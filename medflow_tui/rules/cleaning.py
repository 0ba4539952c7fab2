"""Text from outside without anything that a terminal would obey."""

from __future__ import annotations

import re

# One pass takes every escape away, so that nothing can be joined into a new sequence. A final byte is any of @ to ~:
# the field writes ESC[32M (delete 32 lines) where ESC[32m was meant. A sequence that is not ended loses its introducer only.
_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI
    r"|\x1b[ -/]*[0-~]?"  # every other escape
    r"|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
    r"|[\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"  # bidi, zero width, variants
    r"|[\U000e0000-\U000e007f]"  # invisible tags
)
_BREAKS = re.compile(r"[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_SUSPECT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_LONE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """One line of plain text: no escape sequence, no control or direction character, breaks and tabs as a space.

    >>> clean("\\x1b[32MINFO\\x1b[39M a\\tb")
    'INFO a b'
    """
    if (text.isascii() and text.isprintable()) or _SUSPECT.search(text) is None:
        return text
    return _LONE.sub("\ufffd", _BREAKS.sub(" ", _SEQUENCES.sub("", text)))
