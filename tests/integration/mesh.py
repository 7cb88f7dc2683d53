"""A MESH for tests: mesh-sandbox, started as a server over TLS, in an environment of its own."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Final

import httpx
import trustme
from mesh_client import MeshClient
from pydantic import SecretStr

from kinbridge.intake.mesh.agent import Connection, MeshBox
from kinbridge.sources.mesh import Mailbox
from tests.integration.kafka import free_ports

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = Path(__file__).with_name("mesh-sandbox-requirements.txt")
PLACE: Final = ROOT / ".mesh-venv"

SENDER, OURS, OTHER = "X26ABC1", "X26ABC2", "X26ABC3"
"""The mailboxes that the sandbox has."""
PASSWORD: Final = "password"  # noqa: S105 - the sandbox's own
SHARED_KEY: Final = "a shared key of tests"
STOPS_WITHIN: Final = 15


def environment() -> Path:
    """Make the sandbox's environment, once for each state of its lock. Gives its python."""
    python, stamp = PLACE / "bin" / "python", PLACE / ".made-from"
    wanted = sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        locked = ["--require-hashes", "--requirement", str(REQUIREMENTS)]
        subprocess.run([str(python), *install, *locked], check=True)
        stamp.write_text(wanted)
    return python


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a test authority has signed: files of the server's and of a client's certificate."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    @property
    def context(self) -> ssl.SSLContext:
        """As a client of the server sees it."""
        context = ssl.create_default_context(cafile=self.authority)
        context.load_cert_chain(self.client, self.client_key)
        return context


def certificates(folder: Path) -> Certificates:
    """Make an authority, and a certificate for each side."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="A test authority")
    made = Certificates(
        *(folder / f"{n}.pem" for n in ("ca", "server", "server-key", "client", "client-key"))
    )
    server = authority.issue_cert("127.0.0.1", "localhost")
    client = authority.issue_cert("mailbox.example.org")
    authority.cert_pem.write_to_path(str(made.authority))
    server.cert_chain_pems[0].write_to_path(str(made.server))
    server.private_key_pem.write_to_path(str(made.server_key))
    client.cert_chain_pems[0].write_to_path(str(made.client))
    client.private_key_pem.write_to_path(str(made.client_key))
    return made


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running MESH, and what the other side and NHS England would do with it."""

    address: str
    tls: Certificates

    def connection(self, **changes: str) -> Connection:
        """Give what a mailbox is reached by; `changes` are other files or another password."""
        return Connection(
            address=SecretStr(changes.get("address", self.address)),
            password=SecretStr(changes.get("password", PASSWORD)),
            shared_key=SecretStr(changes.get("shared_key", SHARED_KEY)),
            certificate=changes.get("certificate", str(self.tls.client)),
            key=changes.get("key", str(self.tls.client_key)),
            authorities=changes.get("authorities", str(self.tls.authority)),
        )

    def box(self, mailbox: Mailbox, **changes: str) -> MeshBox:
        return MeshBox(mailbox, self.connection(**changes), Event())

    @contextmanager
    def client(self, mailbox: str = SENDER) -> Iterator[MeshClient]:
        """Give the NHS's client of one of the mailboxes, as another system would use it."""
        with MeshClient(
            self.address,
            mailbox,
            PASSWORD,
            shared_key=SHARED_KEY.encode(),
            cert=(str(self.tls.client), str(self.tls.client_key)),
            verify=str(self.tls.authority),
        ) as client:
            yield client

    def waiting(self, mailbox: str = OURS) -> list[str]:
        """Give the ids of the messages that nobody has acknowledged."""
        with self.client(mailbox) as client:
            return list(client.iterate_message_ids())

    def empty(self) -> None:
        for mailbox in (SENDER, OURS, OTHER):
            self._admin("DELETE", f"/admin/reset/{mailbox}")

    def report(self, code: str, linked: str = "", *, mailbox: str = OURS) -> None:
        """Put an error report into a mailbox, as MESH does for what it could not deliver."""
        self._admin(
            "POST",
            "/messageexchange/admin/report",
            mailbox_id=mailbox,
            code=code,
            description="It was not collected.",
            workflow_id="EXAMPLE_ACK",
            linked_message_id=linked,
            status="error",
        )

    def expire(self, message: str) -> None:
        """Give a message up, as MESH does after five days."""
        self._admin("POST", f"/admin/message/{message}/event", status="undeliverable")

    def _admin(self, method: str, path: str, **body: str) -> None:
        with httpx.Client(base_url=self.address, verify=self.tls.context, timeout=30) as client:
            client.request(method, path, json=body or None).raise_for_status()


@contextmanager
def start_sandbox(folder: Path) -> Iterator[Sandbox]:
    """Start a server that wants a client certificate, and end it."""
    python, tls, (port,) = environment(), certificates(folder), free_ports(1)
    command = [str(python), "-m", "uvicorn", "mesh_sandbox.api:app", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--log-level", "warning", "--ssl-cert-reqs", "2"]
    command += ["--ssl-keyfile", str(tls.server_key), "--ssl-certfile", str(tls.server)]
    command += ["--ssl-ca-certs", str(tls.authority)]
    without_ours = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    settings = {"STORE_MODE": "memory", "AUTH_MODE": "full", "SHARED_KEY": SHARED_KEY}
    with (folder / "sandbox.txt").open("wb") as log:
        process = subprocess.Popen(
            command, env={**without_ours, **settings}, stdout=log, stderr=log
        )
        try:
            sandbox = Sandbox(f"https://127.0.0.1:{port}", tls)
            _wait_until_ready(sandbox)
            yield sandbox
        finally:
            process.terminate()
            process.wait(STOPS_WITHIN)


def _wait_until_ready(sandbox: Sandbox) -> None:
    # It tries again, ever more slowly, while nobody listens yet.
    transport = httpx.HTTPTransport(verify=sandbox.tls.context, retries=9)
    with httpx.Client(transport=transport, timeout=30) as client:
        client.get(f"{sandbox.address}/health").raise_for_status()
