"""The process itself: it serves on loopback, accepts, and ends in order when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import yaml

from kinbridge.intake.keys import sha256_of
from kinbridge.runtime.embedded import start_embedded_broker
from tests.adapters.fhir.messages import MOTHER, as_xml, birth
from tests.services.intake.subscriptions.doorway import PATH, SHOWN, body
from tests.services.intake.subscriptions.world import SECRET, a_subscription

KEY: Final = "a long random key"
ENDS_WITHIN: Final = 60


def test_it_serves_until_it_is_told_to_stop_and_logs_no_identifier(tmp_path: Path) -> None:
    broker = start_embedded_broker(["received.nhs"], production=False)
    keys = tmp_path / "keys.yaml"
    keys.write_text(
        f"keys: [{{name: trust, sha256: {sha256_of(KEY)}, source: trust, doors: [nhs]}}]",
        encoding="utf-8",
    )
    sources = tmp_path / "sources.yaml"
    config = a_subscription().model_dump(mode="json")
    sources.write_text(yaml.safe_dump({"subscriptions": [config]}), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "KINBRIDGE_BROKER": broker.bootstrap,
        "KINBRIDGE_KEYS": str(keys),
        "KINBRIDGE_SOURCES": str(sources),
        "KINBRIDGE_TRUST_SECRET": SECRET,
        "KINBRIDGE_SECRET": "a secret of tests, and of tests only",
        "KINBRIDGE_INTAKE_PORT": str(port),
    }
    program = [str(Path(sys.executable).with_name("kinbridge")), "intake"]
    with (
        subprocess.Popen(
            program,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        # It tries again, ever more slowly, while nobody listens yet.
        httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as client,
    ):
        answer = client.post(
            f"http://127.0.0.1:{port}/nhs/$process-message",
            content=as_xml(birth()),
            headers={"X-API-Key": KEY, "content-type": "application/fhir+xml"},
        )
        notified = client.post(f"http://127.0.0.1:{port}{PATH}", content=body(), headers=SHOWN)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=ENDS_WITHIN)

    assert (answer.status_code, process.returncode) == (202, 0), said
    assert notified.status_code == 200
    assert "intake.accepted" in said
    assert not [
        secret for secret in (MOTHER, "Rosa", KEY, SECRET, "process-message") if secret in said
    ]
