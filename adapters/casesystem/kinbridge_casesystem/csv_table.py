"""A table as CSV, read row by row: what is cut or damaged anywhere is refused whole.

A file ends with a line break: without one nobody can know whether its last line is all there.
Every row has as many cells as the header. What is no UTF-8 is read as Windows-1252, as older
systems export it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO, Final

from kinbridge_casesystem.cutting import Progress, SourceFile
from kinbridge_schemas.problems import UnreadableError

_CHUNK: Final = 1 << 20
_EVERY: Final = 1_000
"""Progress is told after so many rows."""

Table = Iterator[dict[str, str]]


def read_table(file: SourceFile, progress: Progress, delimiter: str = ",") -> Table:
    """Give each row of a table by the header's names, stripped. Raises UnreadableError.

    Rows without any content are passed over. The file is read once more from its start.
    """
    text = io.TextIOWrapper(file.content, encoding=_encoding(file.content), newline="")
    try:
        yield from _rows(file, text, progress, delimiter)
    except (csv.Error, UnicodeDecodeError):
        raise UnreadableError("csv-invalid") from None
    finally:
        text.detach()


def _rows(file: SourceFile, text: io.TextIOWrapper, progress: Progress, delimiter: str) -> Table:
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(rows, [])]
    named = [name for name in header if name]
    if not named:
        raise UnreadableError("header-missing")
    if len(set(named)) != len(named):
        raise UnreadableError("column-repeated")
    for number, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise UnreadableError("row-of-other-length", f"row[{number}]")
        if number % _EVERY == 0:
            progress(file.content.tell(), file.size)
        yield {n: cell.strip() for n, cell in zip(header, row, strict=True) if n}
    progress(file.size, file.size)


def _encoding(content: IO[bytes]) -> str:
    """Give the encoding of a file, looked through whole. It must end as a file ends."""
    content.seek(0)
    decoder, encoding, last = codecs.getincrementaldecoder("utf-8")(), "utf-8-sig", b""
    while chunk := content.read(_CHUNK):
        last = chunk
        try:
            if encoding == "utf-8-sig":
                decoder.decode(chunk)
        except UnicodeDecodeError:
            encoding = "cp1252"
    if not last:
        raise UnreadableError("file-empty")
    if not last.endswith((b"\n", b"\r")):
        raise UnreadableError("file-cut-short")
    if b"\0" in last:
        raise UnreadableError("csv-invalid")
    content.seek(0)
    return encoding
