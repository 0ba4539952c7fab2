"""What a command as a list of arguments may not hold, however it is wrapped; and what it may."""

from __future__ import annotations

import pytest

from medflow_tui.model.words import SILENCE
from medflow_tui.rules.argv import fault
from tests.unit.playbooks.books import book
from tests.unit.playbooks.test_lint import complaints

SHELL, NEVER, SECRET = "is a shell", "is not allowed", "a secret does not belong"
CONTEXT, NAMESPACE, REVISION, FAIL = "no --context", "no --namespace", "names no revision", "without --fail"
AT = ("kubectl", "--context", "c", "-n", "y")
REFUSED = {
    SHELL: [
        ["bash", "-c", "x"],
        ["/usr/bin/fish", "-c", "x"],
        ["sudo", "-n", "sh", "-c", "x"],
        ["env", "A=b", "/bin/dash", "x.sh"],
        ["timeout", "5", "zsh", "-c", "x"],
        ["busybox", "sh", "-c", "x"],
        ["docker", "exec", "medflow", "sh", "-c", "x"],
        [*AT, "exec", "pod", "--", "bash", "-c", "x"],
        ["su", "postgres", "-c", "x"],
        ["ssh", "clinic-2", "systemctl stop a; rm b"],
        ["timeout", "5", "ssh", "clinic-2", "uptime|cat"],
    ],
    NEVER: [
        ["pkill", "node"],
        ["sudo", "killall", "node"],
        ["/usr/bin/pkill", "-f", "server.js"],
        ["ssh", "clinic-2", "pkill"],
        ["redis-cli", "flushdb"],
        ["redis-cli", "FLUSHALL", "ASYNC"],
        ["redis-cli", "KEYS", "*"],
        ["redis-cli", "keys session:*"],
        ["redis-cli", "eval", "return redis.call('FLUSHALL')", "0"],
        ["redis-cli", "eval", "return redis.call('keys', '*')", "0"],
        ["python3", "-c", "import os; os.system('pkill node')"],
    ],
    SECRET: [
        ["flyway", "-password=x", "migrate"],
        ["flyway", "-Dflyway.password=x", "migrate"],
        ["tool", "--password", "x"],
        ["openssl", "enc", "-pass", "pass:x"],
        ["env", "PGPASSWORD=x", "psql"],
        ["env", "MYSQL_PWD=x", "mysql"],
        ["helm", "upgrade", "medflow", "chart", "--set", "db.password=x"],
        [*AT, "create", "secret", "generic", "s", "--from-literal=token=x"],
        ["mongodump", "--uri=mongodb://u:p@h/db"],
        ["redis-cli", "-u", "redis://:p@h:6379", "PING"],
        ["redis-cli", "-a", "x", "PING"],
        ["timeout", "5", "redis-cli", "-ax", "PING"],
        ["mysqldump", "-px", "medflow"],
        ["mongosh", "-u", "u", "-p", "x"],
        ["curl", "-f", "-u", "amani:x", "http://h"],
        ["curl", "-f", "--user=amani:x", "http://h"],
        ["curl", "-f", "-H", "Authorization: Bearer x", "http://h"],
        ["curl", "-f", "http://h/?token=x"],
    ],
    CONTEXT: [
        ["kubectl", "-n", "y", "get", "pods"],
        ["kubectl", "--context=", "-n", "y", "get", "pods"],
        ["kubectl", "--context", "-n", "y", "get", "pods"],
        ["sudo", "kubectl", "-n", "y", "get", "pods"],
        ["kubectl", "-n", "y", "exec", "p", "--", "tool", "--context", "c"],
    ],
    NAMESPACE: [
        ["kubectl", "--context", "c", "get", "pods"],
        ["kubectl", "--context", "c", "-A", "get", "pods"],
        ["kubectl", "--context", "c", "exec", "p", "--", "tool", "-n", "5"],
    ],
    REVISION: [
        ["helm", "rollback", "medflow"],
        ["helm", "rollback", "medflow", "0"],
        ["helm", "rollback", "medflow", "00"],
        ["helm", "rollback", "medflow", "--namespace", "3"],
        ["helm", "rollback", "medflow", "--history-max", "5", "--wait"],
        ["timeout", "600", "helm", "-n", "y", "rollback", "medflow"],
    ],
    FAIL: [
        ["curl", "http://h"],
        ["curl", "-sS", "http://h"],
        ["sudo", "curl", "-X", "POST", "http://h"],
        ["curl", "-o", "file", "http://h"],
    ],
}
ALLOWED = [
    ["kubectl", "--context", "c", "-n", "y", "get", "pods"],
    ["kubectl", "--context=c", "--namespace=y", "get", "pods"],
    ["kubectl", "--context=c", "-ny", "get", "secret"],
    ["kubectl", "--context", "{input_context}", "-n", "{input_place}", "get", "pods"],
    ["helm", "rollback", "--wait", "medflow", "7", "--timeout", "5m"],
    ["helm", "rollback", "medflow", "{input_revision}"],
    ["helm", "upgrade", "medflow", "chart", "--set", "auth.existingSecret=db"],
    ["curl", "-fsS", "http://h"],
    ["curl", "-sSLf", "http://h"],
    ["curl", "-X", "POST", "--fail-with-body", "-H", "Accept: text/plain", "http://h"],
    ["psql", "--no-password", "-c", "select 1"],
    ["redis-cli", "ACL", "SETUSER", "medflow", "-flushall", "-flushdb"],
    ["redis-cli", "-u", "redis://h:6379", "PING"],
    ["mongodump", "--config", "/etc/medflow/dump.yaml"],
    ["tool", "--password-file", "/etc/medflow/password"],
    ["mysqldump", "-p", "medflow"],
    ["pm2", "restart", "medflow-backend"],
    ["ssh", "-o", "BatchMode=yes", "clinic-2", "uptime"],
    ["/usr/local/bin/medflow-backup", "daily"],
    ["npm", "run", "bash"],
]


@pytest.mark.parametrize(
    ("words", "argv"), [(words, each) for words, rows in REFUSED.items() for each in rows]
)
def test_it_is_refused_and_said_why(words: str, argv: list[str]) -> None:
    found = fault(argv)
    assert words in found.text.format(**{"word": "it", "name": "", **found.values})


@pytest.mark.parametrize("argv", ALLOWED)
def test_it_is_allowed(argv: list[str]) -> None:
    assert fault(argv) == SILENCE


@pytest.mark.parametrize("argv", [[], [""], ["/"], ["{input_program}", "x"]])
def test_what_names_no_program_is_none(argv: list[str]) -> None:
    assert fault(argv)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ('["sudo", "sh", "-c", "rm x"]', SHELL),
        ('["redis-cli", "FLUSHDB"]', NEVER),
        ('["flyway", "-password=x", "migrate"]', SECRET),
        ('["kubectl", "get", "pods"]', CONTEXT),
        ('["kubectl", "--context", "c", "get", "pods"]', NAMESPACE),
        ('["helm", "rollback", "medflow"]', REVISION),
        ('["curl", "-X", "POST", "http://h"]', FAIL),
        ('["{site_code}", "x"]', "no placeholder"),
    ],
)
def test_a_playbook_of_the_site_that_holds_it_is_not_used(run: str, words: str) -> None:
    assert words in complaints(book(r'^run = \["/usr/bin/mongosh".*\]', f"run = {run}"))
