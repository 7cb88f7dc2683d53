"""The settings of a process: read from the environment once, in cli.py, and frozen.

Every one is `KINBRIDGE_` and its name: `KINBRIDGE_BROKER=kafka.example:9092`. Lists and
mappings are JSON. No other module reads the environment.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:,\[\]-]+$")]


_LEAST_SECRET: Final = 32


class SecretMissingError(Exception):
    """There is no secret for the pseudonyms, or too short a one."""


def named_in_a_file(variable: str) -> SecretStr:
    """Give a variable that a partnership file names, as the address or secret of a webhook.

    Raises SecretMissingError naming the variable when it is not set.
    """
    try:
        return SecretStr(os.environ[variable])
    except KeyError:
        raise SecretMissingError(f"{variable} is not set.") from None


class Settings(BaseSettings):
    """What a process must be told. The defaults are for one machine, and for trying out."""

    model_config = SettingsConfigDict(
        env_prefix="KINBRIDGE_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = "development"
    """`production` forbids the embedded broker and the made-up secret."""

    broker: Address = "127.0.0.1:9092"
    """Kafka's bootstrap servers, as `host:port,host:port`."""
    kafka: dict[str, str] = Field(default_factory=dict)
    """More settings for every Kafka client, by librdkafka's names, as `security.protocol`."""
    cluster: str = ""
    """The id of the only cluster that this line may use; empty: whichever answers."""
    replication: Annotated[int, Field(ge=1, le=9)] | None = None
    """Copies of each topic, in place of what topics.yaml says: 1 for a single broker."""
    embedded: bool = False
    """Set by `kinbridge up --embedded` for the processes it starts."""
    fetch_wait: timedelta = timedelta(milliseconds=20)
    """How long a broker may hold back an answer when there is nothing new."""

    data: Path = Path(".data")
    """Where the embedded line keeps what it writes: stores, the broker's address."""
    store: SecretStr = SecretStr("")
    """The SQLAlchemy address of PostgreSQL; empty: SQLite files under `data`."""
    topics: Path = Path("topics.yaml")
    partnerships: Path = Path("deploy/partnerships")
    """The folder of partnership files: the policies, and whose authorities take part."""
    secret: SecretStr = SecretStr("")
    """The secret of the keyed pseudonyms, at least 32 characters."""

    intake_host: str = "127.0.0.1"
    intake_port: Annotated[int, Field(ge=0, le=65535)] = 8080

    workers_host: str = "127.0.0.1"
    workers_port: Annotated[int, Field(ge=1, le=65000)] | None = None
    """Where the worker of the first stage shows its metrics; the others follow, in the order of
    the line. Without one: nowhere. Of two workers of a stage on one machine the first has it."""

    mesh_host: str = "127.0.0.1"
    mesh_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Where the process that polls MESH shows its metrics and whether it works."""
    mllp_watch_host: str = "127.0.0.1"
    mllp_watch_port: Annotated[int, Field(ge=0, le=65535)] = 8082
    """The same for the process that listens to HL7 v2; its feeds have ports of their own."""

    subscriptions_host: str = "127.0.0.1"
    subscriptions_port: Annotated[int, Field(ge=0, le=65535)] = 8083
    """Where the process of FHIR subscriptions shows its metrics and whether it works."""

    folders_host: str = "127.0.0.1"
    folders_port: Annotated[int, Field(ge=0, le=65535)] = 8084
    """Where the process that watches folders shows its metrics and whether it works."""
    sql_host: str = "127.0.0.1"
    sql_port: Annotated[int, Field(ge=0, le=65535)] = 8085
    """The same for the process that reads reporting databases."""

    keys: Path = Path("keys.yaml")
    """The file of the keys that intake knows its sources by."""
    sources: Path | None = None
    """The file of what is fetched and listened to beside HTTP; without one: nothing."""

    clock_interval: timedelta = timedelta(seconds=1)
    """How often the ticker writes the time."""
    clock_behind: timedelta = timedelta(seconds=1)
    """How far behind it is: at least as long as intake may take to write a record."""

    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def kafka_config(self) -> dict[str, str]:
        """What every confluent-kafka client is made with."""
        return {**self.kafka, "bootstrap.servers": self.broker}

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the stages' stores; for SQLite its path is a folder."""
        return self.store.get_secret_value() or f"sqlite:///{self.data.absolute()}"

    def need_secret(self) -> bytes:
        """Give the secret of the pseudonyms. Raises SecretMissingError."""
        secret = self.secret.get_secret_value().encode()
        if len(secret) < _LEAST_SECRET:
            raise SecretMissingError("KINBRIDGE_SECRET needs at least 32 characters.")
        return secret
