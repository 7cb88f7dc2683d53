"""Every Python process that a test starts also writes what it says into the run's log folder.

Python imports this by itself, because the test run puts this folder on PYTHONPATH. What a
process writes past Python, as a C library may, comes only by way of a supervisor's log.

What the demonstration shows on its standard output is no log: it is what an alert's reader sees.
"""

import io
import os
import sys

FOLDER = os.environ.get("KINBRIDGE_TEST_LOGS", "")
SHOWS = {"demo", "story"} & set(sys.orig_argv)


class Both(io.RawIOBase):
    """A standard stream that is also written to the log. It passes for the stream itself."""

    def __init__(self, descriptor: int, log: int) -> None:
        self._descriptor = descriptor
        self._log = log

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 - any buffer
        written = os.write(self._descriptor, data)
        os.write(self._log, bytes(data)[:written])
        return written


def copy_streams(folder: str) -> None:
    name = os.path.join(folder, f"process-{os.getpid()}.log")  # noqa: PTH118 - starts fast
    log = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in ("stderr",) if SHOWS else ("stdout", "stderr"):
        old = getattr(sys, stream)
        if old is None:
            continue
        both = io.BufferedWriter(Both(old.fileno(), log))
        new = io.TextIOWrapper(
            both,
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=old.line_buffering,
            write_through=old.write_through,
        )
        setattr(sys, stream, new)


if os.path.isdir(FOLDER):  # noqa: PTH112 - starts fast
    copy_streams(FOLDER)
