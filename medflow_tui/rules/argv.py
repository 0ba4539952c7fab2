"""What no command of this program may hold, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medflow_tui.model.words import SILENCE, Phrase, say

NEVER = frozenset({"pkill", "killall", "flushdb", "flushall", "keys"})
SHELLS = frozenset(
    {"sh", "bash", "dash", "zsh", "ksh", "cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh"}
)
SECRET = re.compile(
    r"(?i)^-{1,2}[a-z-]*(password|passwd|secret|token|api-?key)(=.+)?$|^[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@"
)
PLACE = {"--context": ("--context",), "--namespace": ("--namespace", "-n")}


def fault(argv: Sequence[str]) -> Phrase:
    """What is wrong with a command as a list of arguments; nothing when it may be run.

    >>> fault(["kubectl", "--context", "x", "-n", "y", "get", "pods"]) == SILENCE
    True
    >>> fault(["helm", "rollback", "medflow"]).text
    'helm rollback names no revision'
    """
    words = [each.rpartition("/")[2].casefold() for each in argv]
    if not words:
        return say("a command is a list of arguments, and not empty")
    if words[0] in SHELLS:
        return say("{word} is a shell", word=argv[0])
    for word, each in zip(words, argv, strict=True):
        if word in NEVER:
            return say("{word} is not allowed", word=each)
    if any(SECRET.search(each) for each in argv):
        return say("a secret does not belong in a command: everybody on the machine can read it")
    return _of_clusters(words, argv)


def _of_clusters(words: Sequence[str], argv: Sequence[str]) -> Phrase:
    if words[0] == "kubectl":
        for name, forms in PLACE.items():
            if not any(each in forms or each.startswith(f"{name}=") for each in argv):
                return say("kubectl is told no {name}", name=name)
    if words[0] == "helm" and "rollback" in words:
        after = list(argv)[words.index("rollback") + 1 :]
        values = [each for each in after if not each.startswith("-")]
        if len(values) < 2 or not ((values[1].isdecimal() and values[1] != "0") or values[1].startswith("{")):
            return say("helm rollback names no revision")
    if words[0] == "curl" and not {"-f", "--fail", "--fail-with-body"} & set(argv):
        return say("curl without --fail calls an error page a success")
    return SILENCE
