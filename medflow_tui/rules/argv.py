"""What no command of this program may hold, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from medflow_tui.model.words import SILENCE, Phrase, say

NEVER = re.compile(
    r"(?i)(?<![\w-])(?:pkill|killall|flushdb|flushall)(?![\w-])|\A\s*keys(?=\s|\Z)|\(\s*['\"]keys['\"]"
)
SHELLS = frozenset(
    {
        *("sh", "ash", "bash", "rbash", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "su"),
        *("cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh"),
    }
)
BEFORE = frozenset(
    {
        *("sudo", "doas", "env", "nice", "ionice", "nohup", "setsid", "stdbuf", "time", "timeout", "xargs"),
        *("busybox", "chroot", "nsenter", "runuser", "watch", "docker", "podman", "kubectl", "ssh"),
    }
)
"""Programs that start the one that is named behind them."""
FOR_A_SHELL = re.compile(r"[\s;&|<>`$]")
SECRET = re.compile(
    r"(?i)^-{1,2}(?!-?no-)[a-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api-?key)$"
    r"|^-{1,2}pass(?:in|out)?$"
    r"|^(?!--from-file=).*(?:password|passwd|passphrase|_pwd|(?<!existing)secret|token|api[-_]?key)=\S"
    r"|[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@"
    r"|^(?:-H)?(?:authorization|cookie|x-api-key) *: *\S"
)
OF_MYSQL, OF_MONGO, OF_REDIS = re.compile(r"\0-p[^\0]"), re.compile(r"\0-p"), re.compile(r"\0-a")
OWN_SECRET = {
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"), OF_MYSQL),
    **dict.fromkeys(("mongosh", "mongodump", "mongorestore", "sshpass"), OF_MONGO),
    **dict.fromkeys(("redis-cli", "valkey-cli"), OF_REDIS),
    "curl": re.compile(r"\0(?:-u|--user[\0=])\0?[^\0:]*:[^\0]"),
}
"""How a program is told a password in a way of its own; arguments are joined by zero bytes."""
PLACE = {
    "--context": re.compile(r"\0--context[\0=][^\0-]"),
    "--namespace": re.compile(r"\0(?:--namespace[\0=]|-n[\0=]?)[^\0=-]"),
}
FAILS = re.compile(r"\0(?:--fail(?:-with-body)?|-[aBgGiIjJklLMnNOpqRsSvVZ#0-46]*f[\w#]*)(?=\0|\Z)")
FLAGS_OF_ROLLBACK = frozenset(
    {
        *("--cleanup-on-fail", "--debug", "--dry-run", "--force", "--no-hooks", "--recreate-pods"),
        *("--wait", "--wait-for-jobs"),
    }
)


def fault(argv: Sequence[str]) -> Phrase:
    """What is wrong with a command as a list of arguments; nothing when it may be run.

    >>> fault(["kubectl", "--context", "x", "-n", "y", "get", "pods"]) == SILENCE
    True
    >>> fault(["sudo", "helm", "rollback", "medflow"]).text
    'helm rollback names no revision'
    """
    words = [each.rpartition("/")[2].casefold() for each in argv]
    if not words or not words[0]:
        return say("a command is a list of arguments, and not empty")
    if argv[0].startswith("{"):
        return say("the program itself is no placeholder: what is run stands in the playbook")
    shell = _shell_in(words, argv)
    if shell:
        return say("{word} is a shell", word=shell)
    for word, each in zip(words, argv, strict=True):
        found = NEVER.search(each) or NEVER.search(word)
        if found:
            return say("{word} is not allowed", word=found[0].strip(" ('\""))
    if any(SECRET.search(each) for each in argv) or any(
        OWN_SECRET[name].search(_joined(rest)) for name, rest in _programs(words, argv) if name in OWN_SECRET
    ):
        return say("a secret does not belong in a command: everybody on the machine can read it")
    return next(filter(None, (_of_clusters(name, rest) for name, rest in _programs(words, argv))), SILENCE)


def _programs(words: Sequence[str], argv: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The program, and each word behind one that starts another, with the arguments behind it."""
    for at, word in enumerate(words):
        if at == 0 or words[0] in BEFORE:
            yield word, argv[at + 1 :]


def _joined(arguments: Sequence[str]) -> str:
    return "".join(f"\0{each}" for each in arguments)


def _shell_in(words: Sequence[str], argv: Sequence[str]) -> str:
    """A shell that is started, and what another machine gives to its own; empty when there is none."""
    found = [each for each, word in zip(argv, words, strict=True) if word in SHELLS]
    if found and (words[0] in SHELLS or words[0] in BEFORE):
        return found[0]
    to_another = next((rest for name, rest in _programs(words, argv) if name == "ssh"), ())
    return "ssh" if any(FOR_A_SHELL.search(each) for each in to_another) else ""


def _of_clusters(program: str, arguments: Sequence[str]) -> Phrase:
    if program == "kubectl":
        own = _joined(arguments).partition("\0--\0")[0]
        for name, form in PLACE.items():
            if not form.search(own):
                return say("kubectl is told no {name}", name=name)
    if program == "helm" and "rollback" in arguments:
        values = _values(arguments[list(arguments).index("rollback") + 1 :])
        wanted = values[1] if len(values) > 1 else ""
        is_placeholder = wanted.startswith("{") and not wanted.startswith("{{")
        if not is_placeholder and not (wanted.isdecimal() and int(wanted)):
            return say("helm rollback names no revision")
    if program == "curl" and not FAILS.search(_joined(arguments)):
        return say("curl without --fail calls an error page a success")
    return SILENCE


def _values(arguments: Sequence[str]) -> list[str]:
    """What is no option, and no value of one.

    >>> _values(["medflow", "--history-max", "3", "--wait", "7"])
    ['medflow', '7']
    """
    found, is_of_option = [], False
    for each in arguments:
        if each.startswith("-"):
            is_of_option = "=" not in each and each not in FLAGS_OF_ROLLBACK
        elif is_of_option:
            is_of_option = False
        else:
            found.append(each)
    return found
