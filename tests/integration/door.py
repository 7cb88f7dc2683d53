"""The line's door as a sender meets it, with a book of everything that was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from kinbridge.demo.live import KEY_HEADER
from kinbridge.demo.templates import Request
from tests.integration.line import KEYS

ACCEPTED = 202


@dataclass(slots=True)
class Door:
    """Sends requests and keeps what came back. `receipts`: records by the id of the receipt."""

    address: str
    receipts: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.address, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def send(self, request: Request) -> httpx.Response:
        return self.post(request.path, request.content, request.content_type, request.key_of)

    def post(
        self,
        path: str,
        content: bytes,
        content_type: str,
        key_of: str,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        headers = {
            KEY_HEADER: KEYS.get(key_of, key_of),
            "Content-Type": content_type,
            **(more or {}),
        }
        answer = self._client.post(path, content=content, headers=headers)
        self.said.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")
        if answer.status_code == ACCEPTED:
            receipt = answer.json()
            self.receipts[receipt["id"]] = receipt["records"]
        return answer

    def metrics(self) -> str:
        return self._client.get("/metrics").text
