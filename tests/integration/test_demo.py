"""The demonstration as a person starts it: a real line, real HTTP, and nobody named in a log."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kinbridge.demo.embedded import EmbeddedLine, embedded_line
from kinbridge.demo.line import NAME
from kinbridge.demo.story import shipped
from kinbridge.settings import Settings

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 180


def kinbridge(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "kinbridge.cli", *arguments]


def environment(data: Path) -> dict[str, str]:
    return {**os.environ, "KINBRIDGE_DATA": str(data), "NO_COLOR": "1"}


def run(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        kinbridge(*arguments),
        cwd=ROOT,
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[EmbeddedLine]:
    settings = Settings(
        data=data,
        partnerships=ROOT / "deploy" / "partnerships",
        topics=ROOT / "topics.yaml",
    )
    with embedded_line(settings, datetime.now(UTC).date()) as line:
        yield line


def test_every_alert_of_the_shipped_stories_comes_and_is_told_as_one_document(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "demo", "--once", "--json")
    told: dict[str, Any] = json.loads(done.stdout)

    assert (done.returncode, told["as_expected"]) == (0, True)
    assert [story["name"] for story in told["stories"]] == [p.stem for p in shipped()]
    assert all(a["took_ms"] > 0 for s in told["stories"] for t in s["steps"] for a in t["alerts"])
    assert not (tmp_path / "demo" / NAME).exists()


def test_a_story_is_played_twice_into_one_line(running: EmbeddedLine, data: Path) -> None:
    for _ in range(2):
        done = run(data, "story", "play", str(shipped()[1]))

        assert done.returncode == 0, done.stderr
        assert "MISSING" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 100
    assert running.log.is_file()


def test_an_alert_that_does_not_come_is_named_and_the_exit_says_so(
    running: EmbeddedLine, data: Path, tmp_path: Path
) -> None:
    del running
    text = shipped()[1].read_text(encoding="utf-8")
    path = tmp_path / "spoilt.yaml"
    path.write_text(
        text.replace("reason: correction", "reason: reminder\n        within: 2s"),
        encoding="utf-8",
    )
    done = run(data, "story", "play", str(path))

    assert done.returncode == 1
    assert "MISSING" in done.stdout
    assert "family-help: reminder" in done.stdout


def test_a_story_whose_source_has_no_key_is_refused_plainly(
    running: EmbeddedLine, data: Path, tmp_path: Path
) -> None:
    del running
    text = shipped()[1].read_text(encoding="utf-8")
    path = tmp_path / "stranger.yaml"
    path.write_text(text.replace("as: lewisham-cases", "as: stranger"), encoding="utf-8")
    done = run(data, "story", "play", str(path))

    assert done.returncode == 1
    assert done.stderr.strip() == "Error: No key is known for the source `stranger`."


def test_no_person_and_no_key_is_in_the_log_of_the_line(running: EmbeddedLine, data: Path) -> None:
    for path in (shipped()[0], shipped()[-1]):
        run(data, "story", "play", str(path))
    log = running.log.read_text(encoding="utf-8")
    people = "Rosa|Tomas|Ines|Clara|Alex|Billie|Dana|Example, "

    assert "intake" in log
    assert "files.taken" in log
    assert not re.search(rf"900\d{{7}}|{people}|LEW\w+[UC123]\b", log)
    assert not any(key in log for key in running.line.key_of().values())


def test_ctrl_c_ends_the_line_and_everything_it_started(tmp_path: Path) -> None:
    with subprocess.Popen(
        kinbridge("demo"),
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "stays up until Ctrl-C" in line:
                break
        log = (tmp_path / "demo" / "line.log").read_text(encoding="utf-8")
        demo.send_signal(signal.SIGINT)
        code = demo.wait(WITHIN)

    assert code == 0
    assert "Its address: " in log
    assert left_over(str(tmp_path)) == []


def left_over(folder: str) -> list[int]:
    """Processes that were started with this folder in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if folder.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_without_a_line_it_is_said_where_one_comes_from(tmp_path: Path) -> None:
    done = run(tmp_path, "story", "play", str(shipped()[0]))

    assert done.returncode == 1
    assert "`kinbridge demo` leaves one while it runs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_story_is_checked_without_a_line(tmp_path: Path) -> None:
    good = run(tmp_path, "story", "check", str(shipped()[0]))
    (tmp_path / "bad.yaml").write_text("name: bad\n", encoding="utf-8")
    bad = run(tmp_path, "story", "check", str(tmp_path / "bad.yaml"))

    assert (good.returncode, good.stdout) == (0, "lewisham-pre-birth: 8 steps, 9 alerts.\n")
    assert bad.returncode == 1
    assert "title: Field required" in bad.stderr
