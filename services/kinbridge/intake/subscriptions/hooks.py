"""The door's side of subscriptions: whose notification it is, and whether it may come in. Pure.

The server shows the secret that it was given with the subscription. So each subscription has
its own, and what one server knows opens nothing of another's.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from kinbridge.intake.decide import Accepted, Decided, Entrance, Refused
from kinbridge.intake.keys import SourceKey, sha256_of
from kinbridge.intake.senders import is_from
from kinbridge.intake.subscriptions.letters import notification
from kinbridge.sources.subscriptions import FhirSubscription
from kinbridge_schemas.problems import UnreadableError

PATH: Final = "/nhs/subscriptions/"
SCHEME: Final = "Bearer"
_MOST_SHOWN: Final = 400

_UNKNOWN: Final = Refused(404, "subscription-unknown", "There is no such subscription.")
_NO_SECRET: Final = Refused(
    401, "secret-missing", "Show the subscription's secret in the header Authorization, as Bearer."
)
_WRONG: Final = Refused(401, "secret-wrong", "The secret is not this subscription's.")
_NOT_FROM_THERE: Final = Refused(403, "sender-not-allowed", "No notification is taken from there.")
_SENTENCES: Final = {
    "not-a-notification": "The Bundle is no notification of a subscription.",
    "notification-type-unknown": "The type of the notification is not one of FHIR's.",
    "event-number-invalid": "A number of an event is not one.",
}


@dataclass(frozen=True, slots=True)
class Hook:
    """One subscription as its notifications come in."""

    config: FhirSubscription
    key: SourceKey

    def take(self, content: bytes, entrance: Entrance, *, content_type: str) -> Decided:
        """Decide about a notification. What it says is for mapping and the client to judge."""
        try:
            entry = notification(entrance.arrival, self.config.feed, content, content_type)
        except UnreadableError as problem:
            sentence = _SENTENCES.get(problem.reason, "The body cannot be read.")
            return Refused(400, problem.reason, sentence, problem.path)
        return Accepted(entry.envelope.id, (entry,))


@dataclass(frozen=True, slots=True)
class Hooks:
    """All subscriptions whose notifications come in."""

    hooks: tuple[Hook, ...] = ()

    def find(self, name: str, authorization: str, address: str) -> Hook | Refused:
        """Give the subscription of a notification, or say why it may not come in.

        `authorization` is the header as it was sent, `address` the sender's, as seen here.
        """
        hook = next((each for each in self.hooks if each.config.name == name), None)
        if hook is None:
            return _UNKNOWN
        if not is_from(address, hook.config.senders):
            return _NOT_FROM_THERE
        scheme, _, secret = authorization[:_MOST_SHOWN].strip().partition(" ")
        if scheme.lower() != SCHEME.lower() or not secret:
            return _NO_SECRET
        if not hmac.compare_digest(hook.key.sha256, sha256_of(secret.strip())):
            return _WRONG
        return hook


def make_hooks(subscriptions: Sequence[tuple[FhirSubscription, SecretStr]]) -> Hooks:
    """Make the hooks of the file. Each secret is what its setting holds."""
    return Hooks(
        tuple(
            Hook(
                config,
                SourceKey(
                    name=config.name,
                    sha256=sha256_of(secret.get_secret_value()),
                    source=config.source,
                    doors=frozenset({"subscriptions"}),
                ),
            )
            for config, secret in subscriptions
        )
    )
