"""The outside of a mailbox: MESH, by the NHS's own client.

Source: MESH API (lists, chunks, acknowledgement, error reports), mesh-client 5. Its retries are
off: the poller decides when to try again, so that it can be seen and stopped. No text of an error
goes further than this file, because it holds addresses.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from threading import Event
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3
from mesh_client import MeshClient
from pydantic import SecretStr

from kinbridge import retry_after
from kinbridge.intake.agent import wall_clock
from kinbridge.intake.mesh.box import MOST_LISTED, TryLater
from kinbridge.intake.mesh.decide import Head, Parcel, Unfetched
from kinbridge.intake.mesh.pace import LONGEST_WISH, NOT_TO_BE_HAD, REFUSED, reason_of
from kinbridge.intake.mesh.unpack import TOO_LARGE, Chunk
from kinbridge.sources.loader import SourcesError
from kinbridge.sources.mesh import Mailbox

_TIMEOUT: Final = 10.0
"""Seconds without an answer. Shorter than the time that a process is given to stop."""
_READ: Final = 65_536
_MOST_CHUNKS: Final = 1_000
_MOST_TEXT: Final = 300
_MOST_DIGITS: Final = 6
_ID: Final = re.compile(r"^[A-Za-z0-9_.-]{1,100}$")
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_THE_WHOLE: Final = frozenset({REFUSED, "too-many-requests"})
_RETRY_AFTER: Final = "Retry-After"


@dataclass(frozen=True, slots=True)
class Connection:
    """Where MESH is and how to be let in: what the settings of a mailbox hold.

    `certificate`, `key` and `authorities` are paths of PEM files; empty: none.
    """

    address: SecretStr
    password: SecretStr
    shared_key: SecretStr
    certificate: str = ""
    key: str = ""
    authorities: str = ""


class _BeyondError(Exception):
    """There is more of a message than is taken."""


class _StoppedError(Exception):
    """The process is to end: the message in hand stays where it is."""


class MeshBox:
    """A mailbox of MESH. For one thread at a time; `stopping` ends a download midway.

    Raises SourcesError at once for an address that is not https (or http on this machine), for
    files that are not there and for secrets that no request can carry. None of them is shown.
    """

    def __init__(self, mailbox: Mailbox, connection: Connection, stopping: Event) -> None:
        _check(mailbox, connection)
        self._limit: Final = mailbox.max_bytes
        self._page: Final = mailbox.page_size
        self._stopping: Final = stopping
        self._client: Final = MeshClient(
            connection.address.get_secret_value(),
            mailbox.mailbox,
            connection.password.get_secret_value(),
            shared_key=connection.shared_key.get_secret_value().encode(),
            cert=(connection.certificate, connection.key) if connection.certificate else None,
            verify=connection.authorities or None,
            max_retries=0,
            timeout=_TIMEOUT,
            application_name="kinbridge",
        )
        # MESH does not redirect. Whoever does would be shown the client certificate, and what
        # they answered would be taken for a message or for an acknowledgement.
        self._client._session.max_redirects = 0  # noqa: SLF001 - the client gives no setting for it

    def greet(self) -> TryLater | None:
        try:
            self._client.handshake()
        except requests.RequestException as problem:
            return _later(problem)
        return None

    def listed(self) -> tuple[str, ...] | TryLater:
        try:
            found = list(
                islice(self._client.iterate_message_ids(batch_size=self._page), MOST_LISTED)
            )
        except requests.RequestException as problem:
            return _later(problem)
        except (AttributeError, TypeError):
            # The client looks into whatever JSON it was given.
            return TryLater("answer-unreadable")
        # What JSON gives need not be what the client's types say.
        ids = tuple(str(each) for each in found)
        return ids if all(map(_ID.match, ids)) else TryLater("answer-unreadable")

    def fetch(self, message: str) -> Parcel | Unfetched | TryLater:
        head, chunks, count = Head(message), list[Chunk](), 1
        try:
            while len(chunks) < count:
                number = len(chunks) + 1
                with self._client.retrieve_message_chunk(message, number) as came:
                    if number == 1:
                        head, count = _head(message, came.headers), _count(came.headers)
                    chunks.append(self._read(came, sum(len(chunk.data) for chunk in chunks)))
        except _BeyondError:
            return Unfetched(head, TOO_LARGE)
        except _StoppedError:
            return TryLater("stopping")
        except requests.HTTPError as problem:
            gone = _status(problem) in NOT_TO_BE_HAD
            return Unfetched(head, reason_of(_status(problem))) if gone else _later(problem)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
            return _later(problem)
        return Parcel(head, tuple(chunks))

    def acknowledge(self, message: str) -> TryLater | None:
        try:
            self._client.acknowledge_message(message)
        except requests.HTTPError as problem:
            gone = _status(problem) in NOT_TO_BE_HAD
            return None if gone else _later(problem)
        except requests.RequestException as problem:
            return _later(problem)
        return None

    def close(self) -> None:
        self._client.close()

    def _read(self, came: requests.Response, before: int) -> Chunk:
        held = bytearray()
        # As it is on the wire: undoing gzip here could give a thousand times as much.
        while data := came.raw.read(_READ, decode_content=False):
            held += data
            if before + len(held) > self._limit + _READ:
                raise _BeyondError
            if self._stopping.is_set():
                raise _StoppedError
        encoding = came.headers.get("Content-Encoding", "")
        return Chunk(bytes(held), gzip="gzip" in encoding.lower())


def _head(message: str, headers: Mapping[str, str]) -> Head:
    def said(name: str) -> str:
        return headers.get(f"Mex-{name}", "").strip()[:_MOST_TEXT]

    return Head(
        id=message,
        workflow=said("WorkflowID"),
        kind=said("MessageType").upper() or "DATA",
        sender=said("From"),
        status=said("StatusCode"),
        linked=said("LinkedMsgID"),
        encrypted=said("Content-Encrypted").upper() in {"Y", "TRUE"},
    )


def _count(headers: Mapping[str, str]) -> int:
    """Read how many chunks there are, of `1:3`. A text that says nothing of the kind means one."""
    last = headers.get("Mex-Chunk-Range", "").rpartition(":")[2].strip()
    count = int(last) if last.isascii() and last.isdigit() and len(last) < _MOST_DIGITS else 1
    if count > _MOST_CHUNKS:
        raise _BeyondError
    return max(count, 1)


def _status(problem: requests.HTTPError) -> int:
    return problem.response.status_code if problem.response is not None else 0


def _later(problem: Exception) -> TryLater:
    match problem:
        case requests.HTTPError() if problem.response is not None:
            reason = reason_of(problem.response.status_code)
            wish = problem.response.headers.get(_RETRY_AFTER, "")
            problem.response.close()
            after = retry_after.seconds(wish, wall_clock(), int(LONGEST_WISH.total_seconds()))
            alone = reason not in _OF_THE_WHOLE
            return TryLater(reason, timedelta(seconds=after or 0), alone=alone)
        case requests.exceptions.SSLError():
            return TryLater("tls-refused")
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return TryLater("timed-out", alone=True)
        case requests.ConnectionError():
            heard = any(
                isinstance(each, urllib3.exceptions.ProtocolError) for each in problem.args
            )
            return TryLater("closed-unanswered" if heard else "unreachable")
        case requests.TooManyRedirects():
            return TryLater("redirected")
        case requests.exceptions.InvalidJSONError():
            return TryLater("answer-unreadable")
        case _:
            return TryLater("broken-off", alone=True)


def _check(mailbox: Mailbox, connection: Connection) -> None:
    """Refuse what could never work, by the name of its setting."""
    address = urlsplit(connection.address.get_secret_value())
    plain = address.scheme == "http" and address.hostname in _THIS_MACHINE
    if not (plain or (address.scheme == "https" and address.hostname)):
        raise SourcesError(f"{mailbox.address_setting} must be an https address.")
    for setting, secret in (
        (mailbox.password_setting, connection.password),
        (mailbox.shared_key_setting, connection.shared_key),
    ):
        text = secret.get_secret_value()
        if not (text and text.isascii() and text.isprintable()):
            raise SourcesError(f"{setting} is empty, or holds more than plain characters.")
    context = ssl.create_default_context()
    if connection.authorities:
        try:
            context.load_verify_locations(connection.authorities)
        except OSError:
            raise SourcesError(f"{mailbox.ca_setting} names no file of certificates.") from None
    if connection.certificate:
        try:
            context.load_cert_chain(connection.certificate, connection.key, password="")
        except OSError:
            raise SourcesError(
                f"{mailbox.certificate_setting} and {mailbox.key_setting} name no certificate "
                "with its key."
            ) from None
