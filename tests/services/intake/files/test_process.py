"""The process itself: it watches, takes a file in, and ends in order when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx

from kinbridge.runtime.embedded import start_embedded_broker
from tests.adapters.casesystem.loads import census, census_child, referral

ENDS_WITHIN: Final = 60


def test_it_takes_a_file_in_until_it_is_told_to_stop_and_logs_no_identifier(
    tmp_path: Path,
) -> None:
    broker = start_embedded_broker(["received.cases"], production=False)
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "folders: [{source: 209.returns, kind: cin-census, folder_setting: KINBRIDGE_FOLDER,"
        " look_every: PT1S}]",
        encoding="utf-8",
    )
    (incoming / "C4711.xml").write_bytes(census(census_child("C4711", referral())))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "KINBRIDGE_BROKER": broker.bootstrap,
        "KINBRIDGE_SOURCES": str(sources),
        "KINBRIDGE_FOLDER": str(incoming),
        "KINBRIDGE_SECRET": "a secret of tests, and of tests only",
        "KINBRIDGE_FOLDERS_PORT": str(port),
    }
    program = [str(Path(sys.executable).with_name("kinbridge")), "source", "folders"]
    with (
        subprocess.Popen(
            program,
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "files.taken" in line:
                break
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=ENDS_WITHIN)

    assert process.returncode == 0, rest
    assert 'kinbridge_files_records_total{source="209.returns"} 1.0' in metrics
    assert "C4711" not in "".join(said) + rest
    assert not (incoming / "C4711.xml").exists()
