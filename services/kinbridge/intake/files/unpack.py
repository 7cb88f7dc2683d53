"""Files as they come: copied once, counted and hashed, and unpacked where they are a `.zip`.

What is read later is the copy, in a temporary file without a name: whatever happens to the
original meanwhile, no load is half-read.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import PurePath
from typing import IO, Final, Protocol

from kinbridge_casesystem.cutting import SourceFile
from kinbridge_schemas.problems import UnreadableError

_CHUNK: Final = 1 << 20
_MOST_FILES: Final = 64
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OSError,
)
"""What the standard library raises for archives that are damaged, encrypted or too new."""


class Digest(Protocol):
    """A hash in the making."""

    def update(self, data: bytes, /) -> None: ...


class Copies:
    """The copies of one load, closed together. `max_bytes` is of all of them, unpacked."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes
        self._open: Final = ExitStack()
        self._digests: Final[list[tuple[str, str]]] = []
        self.files: Final[list[SourceFile]] = []
        self.refused: UnreadableError | None = None

    @property
    def digest(self) -> str:
        """What the load is known by: its content, and the files' names where it has several."""
        if len(self._digests) == 1:
            return self._digests[0][1]
        said = "\n".join(f"{digest} {name}" for name, digest in sorted(self._digests))
        return hashlib.sha256(said.encode()).hexdigest()

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Copy one file. Where it cannot be taken at all, `refused` says why."""
        digest = hashlib.sha256()
        try:
            self._add(name, chunks, digest)
        except UnreadableError as problem:
            self.refused = problem
        self._digests.append((name, digest.hexdigest()))

    def close(self) -> None:
        self._open.close()

    def _add(self, name: str, chunks: Iterable[bytes], digest: Digest) -> None:
        copy, size = self._copy(chunks, digest)
        if not name.lower().endswith(".zip"):
            self.files.append(SourceFile(name, copy, size))
            return
        try:
            self._unpack(copy)
        except _BROKEN:
            raise UnreadableError("archive-invalid") from None

    def _unpack(self, archive: IO[bytes]) -> None:
        with zipfile.ZipFile(archive) as packed:
            inside = [each for each in packed.infolist() if not each.is_dir()]
            if not inside:
                raise UnreadableError("archive-empty")
            if len(inside) > _MOST_FILES:
                raise UnreadableError("archive-of-too-many-files")
            for each in inside:
                with packed.open(each) as member:
                    copy, size = self._copy(chunks_of(member), hashlib.sha256())
                self.files.append(SourceFile(PurePath(each.filename).name, copy, size))

    def _copy(self, chunks: Iterable[bytes], digest: Digest) -> tuple[IO[bytes], int]:
        copy = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed together
        size = 0
        for chunk in chunks:
            self._left -= len(chunk)
            if self._left < 0:
                raise UnreadableError("load-too-large")
            size += len(chunk)
            digest.update(chunk)
            copy.write(chunk)
        copy.seek(0)
        return copy, size


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
