"""The world as it is: a running line behind HTTP, and the teams' topics on its broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from types import TracebackType
from typing import Final, Self

import httpx

from kinbridge.demo.played import Answered, Arrival
from kinbridge.demo.story import StoryError
from kinbridge.demo.templates import Request
from kinbridge.runtime.listening import Listener
from kinbridge_schemas.alerts import TeamAlert

KEY_HEADER: Final = "X-API-Key"
_TIMEOUT: Final = httpx.Timeout(15.0)


class LiveWorld:
    """A line at an address. `keys` gives the key of each source by the name stories use."""

    def __init__(self, address: str, keys: Mapping[str, str], listener: Listener) -> None:
        self._client: Final = httpx.Client(base_url=address, timeout=_TIMEOUT)
        self._keys: Final = keys
        self._listener: Final = listener

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def until(self, when: datetime) -> None:
        left = (when - self.now()).total_seconds()
        if left > 0:
            sleep(left)

    def send(self, request: Request) -> Answered:
        """Post a request. Raises StoryError for a source without a key, or without an answer."""
        key = self._keys.get(request.key_of)
        if key is None:
            raise StoryError(f"No key is known for the source `{request.key_of}`.")
        headers = {KEY_HEADER: key, "Content-Type": request.content_type}
        if request.file_name is not None:
            headers["Content-Disposition"] = f'attachment; filename="{request.file_name}"'
        try:
            answer = self._client.post(request.path, content=request.content, headers=headers)
        except httpx.TransportError as problem:
            raise StoryError(f"The door does not answer: {type(problem).__name__}.") from None
        return Answered(request, answer.status_code, monotonic())

    def listen(self, within: timedelta) -> Sequence[Arrival]:
        return [
            Arrival(body, topic, at)
            for topic, body, at in self._listener.listen(within)
            if isinstance(body, TeamAlert)
        ]
