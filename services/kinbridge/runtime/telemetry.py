"""Logs: events with codes, in JSON or for a person at a terminal, redacted before they are text.

`log.info("alert.consolidated", reason=decision.reason)`: the event is a code, the rest are
codes, counts and pseudonyms. What a library logs comes out the same way, as `library.said`.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, Literal, TextIO, cast

import structlog

from kinbridge.runtime.redaction import redact_fields, redact_text

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

_LIBRARY_EVENT: Final = "library.said"

# What they say at INFO is of use to their authors; aiokafka at DEBUG costs 5 % of a worker.
_QUIET: Final = (
    "aiokafka",
    "faust",
    "mode",
    "httpx",
    "httpcore",
    "urllib3",
    "uvicorn.access",
    "asyncio",
    "librdkafka",
)


def start_telemetry(
    log_format: LogFormat = "json", level: LogLevel = "info", stream: TextIO | None = None
) -> None:
    """Set up every logger of this process, ours and the libraries'. Call it once, first."""
    shared = _shared()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_as_library_event, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_log(name: str) -> FilteringBoundLogger:
    """Give a logger. `name` is the module's, as `kinbridge.intake.agent`."""
    return cast("FilteringBoundLogger", structlog.get_logger(name))


def bind(**fields: str | int) -> None:
    """Put fields on every later line of this process or task, as `stage="linking"`."""
    structlog.contextvars.bind_contextvars(**fields)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_event,
        # After the redaction, which takes every date in a text for a date of birth.
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Conceal what is about a person; structlog's own fields, which begin with `_`, stay."""
    own = {key: value for key, value in event.items() if key.startswith("_")}
    code = {"event": redact_text(str(event.get("event", "")))}
    rest = {k: v for k, v in event.items() if k not in own and k not in {"event", "message"}}
    said = {"message": redact_text(str(event["message"]))} if "message" in event else {}
    return {**code, **said, **redact_fields(rest, ours=True), **own}


def _as_library_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**event, "event": _LIBRARY_EVENT, "message": event.get("event", "")}


def _renderer(log_format: LogFormat) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=repr)
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)
