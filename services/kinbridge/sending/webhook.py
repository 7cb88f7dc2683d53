"""A destination that takes signed webhooks: thin ones, that say what there is to fetch.

Source: Standard Webhooks 1.0 (headers, signature, thin payloads).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from kinbridge.sending.destination import Answer, Post, Said, by_status, check_address
from kinbridge.sending.state import Errand


@dataclass(frozen=True, slots=True)
class WebhookReceiver:
    """An address, and the secret that its webhooks are signed with."""

    url: SecretStr
    secret: SecretStr

    def check(self, name: str) -> None:
        try:
            Webhook(self.secret.get_secret_value())
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError(f"The secret of {name} is not base64.") from None
        check_address(name, self.url)

    def posts(self, errand: Errand, now: datetime, /) -> tuple[Post, ...]:
        content = payload(errand)
        headers = signed(content, errand, self.secret, now)
        return (Post(self.url.get_secret_value(), content, headers),)

    def judged(self, said: Said, now: datetime, /) -> Answer:
        return by_status(said, now)


def payload(errand: Errand) -> bytes:
    """Give the body: what there is to fetch, and nothing about anybody."""
    dispatch = errand.dispatch
    return json.dumps(
        {
            "type": "kinbridge.alert.revised",
            "timestamp": dispatch.said.astimezone(UTC).isoformat(),
            "data": {
                "alert": dispatch.alert,
                "authority": dispatch.authority,
                "team": dispatch.arm,
                "team_code": dispatch.team,
                "revision": dispatch.revision,
                "reason": dispatch.reason.value,
                "urgency": dispatch.urgency.value,
                "state": dispatch.state,
                "sequence": errand.sequence,
                "previous_sequence": errand.previous,
            },
        },
        separators=(",", ":"),
    ).encode()


def signed(content: bytes, errand: Errand, secret: SecretStr, now: datetime) -> dict[str, str]:
    """Give the headers. The id is the dispatch's in every attempt; the time is the attempt's."""
    whole = now.astimezone(UTC).replace(microsecond=0)
    signature = Webhook(secret.get_secret_value()).sign(
        errand.dispatch.id, whole, content.decode()
    )
    return {
        "content-type": "application/json",
        "user-agent": "kinbridge",
        "webhook-id": errand.dispatch.id,
        "webhook-timestamp": str(int(whole.timestamp())),
        "webhook-signature": signature,
    }
