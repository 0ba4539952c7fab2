"""What a terminal of our days answers to the questions of a program."""

from __future__ import annotations

import re

_QUESTION = re.compile(
    rb"\x1b\[\?(?P<mode>\d+)\$p"
    rb"|\x1b\[(?P<report>[56])n"
    rb"|\x1b\[(?P<device>[>=]?)0?c"
    rb"|\x1b\[(?P<version>>0?q)"
    rb"|\x1b\[(?P<keyboard>\?u)"
    rb"|\x1b\](?P<colour>1[01]);\?(?P<end>\x07|\x1b\\)"
)
_LONGEST = 16
_SYNCHRONISED = 2026
_KNOWN_MODES = {1, 7, 25, 1000, 1002, 1003, 1004, 1006, 1049, 2004, _SYNCHRONISED}
_DEVICE = {b"": b"\x1b[?62;22c", b">": b"\x1b[>41;354;0c", b"=": b"\x1bP!|00000000\x1b\\"}
_COLOURS = {b"10": b"rgb:e5e5/e5e5/e5e5", b"11": b"rgb:0000/0000/0000"}


class Answers:
    """Give it what the program wrote, in pieces as they come; it gives what the terminal sends back."""

    def __init__(self) -> None:
        self._rest = b""
        self.asked: dict[str, int] = {}

    def to(self, data: bytes) -> bytes:
        """The answers to the questions that are complete in the output so far, in their order."""
        text = self._rest + data
        answers, end = b"", 0
        for found in _QUESTION.finditer(text):
            answers += self._answer(found)
            end = found.end()
        self._rest = text[max(end, len(text) - _LONGEST) :]
        return answers

    def _answer(self, found: re.Match[bytes]) -> bytes:
        kind = str(found.lastgroup)
        self.asked[kind] = self.asked.get(kind, 0) + 1
        if found["mode"]:
            state = 2 if int(found["mode"]) in _KNOWN_MODES else 0
            return b"\x1b[?%s;%d$y" % (found["mode"], state)
        if found["report"]:
            return b"\x1b[0n" if found["report"] == b"5" else b"\x1b[1;1R"
        if found["version"]:
            return b"\x1bP>|XTerm(354)\x1b\\"
        if found["keyboard"]:
            return b"\x1b[?0u"
        if found["colour"]:
            return b"\x1b]%s;%s%s" % (found["colour"], _COLOURS[found["colour"]], found["end"])
        return _DEVICE[found["device"]]
