"""What is logged comes out as one line of JSON, with a code, and redacted: ours and others'."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from kinbridge.runtime.telemetry import bind, get_log, start_telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = "9000000009"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def only_line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


def test_an_event_is_a_code_with_fields(stream: io.StringIO) -> None:
    start_telemetry(stream=stream)
    bind(stage="consolidation")

    get_log("kinbridge.consolidation").info("alert.consolidated", reason="first", items=2)

    line = only_line(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "alert.consolidated",
        "reason": "first",
        "items": 2,
        "stage": "consolidation",
        "level": "info",
        "logger": "kinbridge.consolidation",
    }


def test_what_a_library_says_is_redacted_too(stream: io.StringIO) -> None:
    start_telemetry(stream=stream)

    logging.getLogger("somebody.else").warning("no record for %s", NUMBER)

    line = only_line(stream)
    assert line["event"] == "library.said"
    assert line["message"] == "no record for **********"


def test_our_own_words_stay_and_those_from_outside_do_not(stream: io.StringIO) -> None:
    start_telemetry(stream=stream)

    get_log("kinbridge.x").error("worker.failed", text="another cluster", seen={"text": "Ann"})

    line = only_line(stream)
    assert line["text"] == "another cluster"
    assert line["seen"] == {"text": "**********"}


def test_a_traceback_is_redacted(stream: io.StringIO) -> None:
    start_telemetry(stream=stream)

    try:
        raise ValueError("number " + NUMBER)
    except ValueError:
        get_log("kinbridge.x").exception("worker.bug")

    assert NUMBER not in stream.getvalue()
    assert "ValueError" in only_line(stream)["exception"]


def test_the_console_form_is_redacted_as_well(stream: io.StringIO) -> None:
    start_telemetry("console", stream=stream)

    get_log("kinbridge.x").info("record.read", detail=f"for {NUMBER}", family_name="Wilhelmina")

    assert "record.read" in stream.getvalue()
    assert NUMBER not in stream.getvalue()
    assert "Wilhelmina" not in stream.getvalue()


def test_debug_is_silent_unless_asked_for(stream: io.StringIO) -> None:
    start_telemetry(stream=stream)
    get_log("kinbridge.x").debug("turn.ended")

    start_telemetry(level="debug", stream=stream)
    get_log("kinbridge.x").debug("turn.started")

    assert only_line(stream)["event"] == "turn.started"
