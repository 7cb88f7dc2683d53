"""One set of client settings, librdkafka's, for both Kafka clients of a worker."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final

from faust.auth import SASLCredentials, SSLCredentials

_SASL_NAMES: Final = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})


class CredentialsError(Exception):
    """The worker cannot speak to Kafka as the settings ask. The text names the setting."""


def broker_credentials(kafka: Mapping[str, str]) -> Any:
    """Give Faust's credentials for librdkafka's settings; None for plain text.

    Raises CredentialsError for a protocol or mechanism the worker does not know: it never
    falls back to a weaker one.
    """
    protocol = kafka.get("security.protocol", "plaintext").upper()
    if protocol == "PLAINTEXT":
        return None
    if protocol == "SSL":
        return SSLCredentials(_context(kafka))
    if protocol != "SASL_SSL":
        raise CredentialsError(f"security.protocol={protocol}: use SASL_SSL, SSL or PLAINTEXT.")
    mechanism = kafka.get("sasl.mechanism", kafka.get("sasl.mechanisms", "PLAIN"))
    if mechanism not in _SASL_NAMES:
        raise CredentialsError(f"sasl.mechanism={mechanism} is not one of {sorted(_SASL_NAMES)}.")
    # Without a context Faust would send the password in clear.
    return SASLCredentials(
        username=kafka.get("sasl.username", ""),
        password=kafka.get("sasl.password", ""),
        mechanism=mechanism,
        ssl_context=_context(kafka),
    )


def _context(kafka: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=kafka.get("ssl.ca.location"))
    if certificate := kafka.get("ssl.certificate.location"):
        context.load_cert_chain(
            certificate, kafka.get("ssl.key.location"), kafka.get("ssl.key.password")
        )
    return context
