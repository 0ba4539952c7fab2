"""A connection to MongoDB that only reads and never outlives its deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pymongo
from bson.errors import BSONError
from pymongo import errors
from pymongo.saslprep import saslprep
from pymongo.uri_parser import parse_uri

from medflow_tui.clients.expected import IDENTITY, Expected, told_in
from medflow_tui.clients.network import Deadline, UnreachableError, connect, failure_of, silent
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

CLIENT_NAME = "medflow-tui"
READS = frozenset({"ping", "hello", "buildInfo", "serverStatus", "dbStats", "replSetGetStatus", "profile"})
READS |= {"getLog", "getCmdLineOpts"}
WRITING_STAGES = frozenset({"$out", "$merge"})
UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
PORT = 27017
NOT_MONGODB = say("not the answer of MongoDB")

Row = dict[str, Any]


class Reached(Protocol):
    """What a target must have to be reached as a MongoDB."""

    @property
    def address(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def auth_source(self) -> str: ...
    @property
    def database(self) -> str: ...


class Connection:
    """Reads of one server, in the database of the target; there is no method that writes."""

    def __init__(self, client: pymongo.MongoClient[Row], database: str, replica_set: str) -> None:
        self._client, self._name = client, database
        self._database = client[database]
        self.expected_set = replica_set

    def ping(self) -> float:
        """Milliseconds that the server took to answer, the connection being open already."""
        self._client.admin.command("ping")
        started = time.perf_counter()
        self._client.admin.command("ping")
        return (time.perf_counter() - started) * 1000

    def ask(self, command: str, value: Any = 1, *, own: bool = False, **options: Any) -> Row:
        """The answer to one of READS, from `admin` or (own) from the target's database."""
        if command not in READS or (command == "profile" and value != -1):
            raise ValueError(command)
        database = self._database if own else self._client.admin
        return dict(database.command(command, value, codec_options=self._database.codec_options, **options))

    def ask_if_told(
        self, command: str, value: Any = 1, *, own: bool = False, within_s: float = 2.0, **options: Any
    ) -> Row | None:
        """As `ask`; None when the server does not tell us (no right, no such command, not within its own time)."""
        try:
            with pymongo.timeout(within_s):
                return self.ask(command, value, own=own, **options)
        except errors.OperationFailure as error:
            if error.code == AUTHENTICATION_FAILED:
                raise
            return None
        except errors.NetworkTimeout:
            return None

    def collections(self) -> frozenset[str]:
        """Names of what the database holds, views too."""
        return frozenset(self._database.list_collection_names())

    def indexes(self, collection: str) -> tuple[Row, ...]:
        """The indexes of a collection as the server describes them (`key`, `expireAfterSeconds`, …)."""
        return tuple(dict(each) for each in self._database[collection].list_indexes())

    def has_any(self, collection: str) -> bool:
        """True when there is a document: looked for, not taken from the counters (wrong after a power cut)."""
        return self._database[collection].find_one({}, {"_id": 1}) is not None

    def count(self, collection: str, matching: Mapping[str, Any], limit: int) -> int:
        """How many match, at most `limit`."""
        return int(self._database[collection].count_documents(matching, limit=limit))

    def validate(self, collection: str, within_s: float) -> bool | None:
        """Whether the server finds the collection sound, None when it does not tell in that time; locks nothing.

        In the background only, which a server before 4.4 refuses: any other `validate` locks the collection.
        """
        try:
            with pymongo.timeout(within_s):
                told = self._database.command("validate", collection, background=True)
        except (errors.OperationFailure, errors.NetworkTimeout, errors.ExecutionTimeout):
            return None
        return None if told.get("valid") is None else bool(told["valid"])

    def rows(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The result of an aggregation that writes nothing; the caller bounds it with $limit or $group."""
        if any(stage in WRITING_STAGES for each in pipeline for stage in each):
            raise ValueError("a writing stage")
        return list(self._database[collection].aggregate(list(pipeline), allowDiskUse=False))


@contextmanager
def connected(target: Reached, tools: Tools, deadline: Deadline) -> Iterator[Connection]:
    """One connection for one reading; failures leave as UnreachableError or SecretError.

    With one host in the address the server there is read, whatever set it belongs to; with several, the set. In a run
    the server must first say, on this very connection, that it is the one of the plan (`tools.expected`).
    """
    with client_of(target, tools, deadline) as (client, replica_set):
        server = Connection(client, target.database, replica_set)
        if tools.expected is not None:
            tools.expected.demand(target, _told(server, tools.expected))
        yield server


def _told(server: Connection, expected: Expected) -> str:
    """As `told_by`; `?` where what only looks may not read it."""
    try:
        return told_by(server)
    except errors.OperationFailure as error:
        if not expected.only_looks or error.code == AUTHENTICATION_FAILED:
            raise
        return "?"


def told_by(server: Connection) -> str:
    """The identity that was planted in the database: `SITE/ENVIRONMENT/RANDOM`, `-` for none, `?` for several."""
    found = server.rows(IDENTITY, [{"$limit": 2}])
    if len(found) > 1:
        return "?"
    return told_in(found[0]) if found else "-"


@contextmanager
def client_of(
    target: Reached, tools: Tools, deadline: Deadline
) -> Iterator[tuple[pymongo.MongoClient[Row], str]]:
    """The client behind a connection, and the set that the address names; failures as of `connected`."""
    parsed = _parsed(target)
    options = _credentials(target, parsed, tools)
    hosts = parsed["nodelist"]
    host, port = _answering(hosts, deadline)
    whole = deadline.left()
    if len(hosts) == 1:
        options |= {"directConnection": True, "replicaSet": None}
    client = _opened(target.address, whole, options)
    try:
        with pymongo.timeout(whole):
            yield client, str(_option(parsed, "replicaSet") or "")
    except errors.PyMongoError as error:
        raise UnreachableError(_failure(error, client, host, port or PORT, whole, target)) from error
    except BSONError as error:
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=NOT_MONGODB)) from error
    finally:
        client.close()


def _opened(address: str, whole: float, options: dict[str, Any]) -> pymongo.MongoClient[Row]:
    """A client that has not spoken yet and gives up after `whole` seconds, whatever it does."""
    milliseconds = max(1, int(whole * 1000))
    try:
        return pymongo.MongoClient(
            address,
            serverSelectionTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
            retryReads=False,
            retryWrites=False,
            readPreference="secondaryPreferred",
            serverMonitoringMode="poll",
            maxPoolSize=1,
            appname=CLIENT_NAME,
            tz_aware=True,
            datetime_conversion="DATETIME_AUTO",  # one date that no calendar has must not spoil the whole answer
            unicode_decode_error_handler="replace",
            **options,
        )
    except (errors.PyMongoError, OSError, ValueError, TypeError) as error:
        text = say("options of the address not understood")
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text)) from error


def _parsed(target: Reached) -> Row:
    """The parts of the address; refuses one that cannot be used, without repeating it."""
    try:
        parsed = (
            dict(parse_uri(target.address, warn=True)) if target.address.startswith("mongodb://") else None
        )
    except (errors.PyMongoError, ValueError):
        parsed = None
    if parsed is None:
        text = say("the address is not one that begins with mongodb://")
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text))
    if parsed["password"]:
        text = say("a password in the address is not used: give it by reference")
        raise UnreachableError(Failure(cause=Cause.DENIED, text=text))
    return parsed


def _option(parsed: Row, name: str) -> Any:
    return next((value for key, value in parsed["options"].items() if key.lower() == name.lower()), None)


def _credentials(target: Reached, parsed: Row, tools: Tools) -> dict[str, Any]:
    """User and password for the client. A password that SASLprep refuses would break the driver in the middle."""
    username = target.username or parsed["username"] or ""
    if not username:
        return {}
    found: dict[str, Any] = {"username": username}
    if _option(parsed, "authSource") is None:
        found["authSource"] = target.auth_source
    password = tools.secret(target.password) if target.password else ""
    if not password and _option(parsed, "authMechanism") is not None:
        return found
    try:
        saslprep(password)
    except (ValueError, IndexError):
        text = (
            say("the password has signs that MongoDB does not take") if password else say("no password given")
        )
        raise UnreachableError(Failure(cause=Cause.DENIED, text=text)) from None
    return found | {"password": password}


def _answering(hosts: Sequence[tuple[str, int | None]], deadline: Deadline) -> tuple[str, int | None]:
    """The first host that accepts a connection; each has its share of the time. Raises UnreachableError."""
    first: UnreachableError | None = None
    for place, (host, port) in enumerate(hosts):
        share = Deadline.after(deadline.left() / (len(hosts) - place)) if len(hosts) > 1 else deadline
        try:
            connect(host, port or PORT, share).close()
        except UnreachableError as error:
            first = first or error
        else:
            return host, port
    assert first is not None
    raise first


def _failure(
    error: errors.PyMongoError,
    client: pymongo.MongoClient[Row],
    host: str,
    port: int,
    whole: float,
    target: Reached,
) -> Failure:
    """What an error of the driver means; its own text is not shown, it can hold values of documents."""
    match error:
        case errors.ServerSelectionTimeoutError():
            return _unselected(client, host, port, whole)
        case errors.ExecutionTimeout():
            return Failure(cause=Cause.OVERRUN, text=say("not counted within {after:duration}", after=whole))
        case errors.NetworkTimeout():
            return silent(whole)
        case errors.OperationFailure(code=code) if code == AUTHENTICATION_FAILED:
            return Failure(cause=Cause.DENIED, text=say("user or password refused"))
        case errors.OperationFailure(code=code) if code == UNAUTHORIZED:
            if target.username:
                return Failure(cause=Cause.FORBIDDEN, text=say("this user may not read it"))
            return Failure(cause=Cause.DENIED, text=say("needs a user and a password"))
        case errors.OperationFailure(code=code):
            return Failure(cause=Cause.GARBLED, text=say("error {code} of MongoDB", code=str(code)))
        case errors.ConfigurationError() | errors.InvalidURI():
            return Failure(cause=Cause.UNSUPPORTED, text=say("options of the address not understood"))
        case errors.ConnectionFailure():
            return _unconnected(error, host, port)
    return Failure(cause=Cause.GARBLED, text=NOT_MONGODB)


def _unselected(client: pymongo.MongoClient[Row], host: str, port: int, whole: float) -> Failure:
    """No server could be chosen: by what was last seen of each."""
    seen = [each.error for each in client.topology_description.server_descriptions().values() if each.error]
    if not seen or any(isinstance(each, errors.NetworkTimeout) for each in seen):
        return silent(whole)
    for each in seen:
        match each:
            case errors.OperationFailure(code=code) if code == AUTHENTICATION_FAILED:
                return Failure(cause=Cause.DENIED, text=say("user or password refused"))
            case errors.ConfigurationError():
                return Failure(cause=Cause.GARBLED, text=say("not a member of the replica set"))
    return _unconnected(seen[0], host, port)


def _unconnected(error: BaseException, host: str, port: int) -> Failure:
    """The socket error behind an error of the driver, or: it does not speak as MongoDB does."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError | OSError) and not isinstance(cause, TimeoutError):
            return failure_of(cause, host, port)
        cause = cause.__cause__ or cause.__context__
    return Failure(cause=Cause.GARBLED, text=NOT_MONGODB)
