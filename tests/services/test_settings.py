"""Settings come from the environment, and a wrong one is named without its value."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from kinbridge.settings import SecretMissingError, Settings, named_in_a_file


def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINBRIDGE_BROKER", "kafka.example:9092,other.example:9092")
    monkeypatch.setenv("KINBRIDGE_KAFKA", '{"security.protocol": "SSL"}')
    monkeypatch.setenv("KINBRIDGE_FETCH_WAIT", "PT0.01S")
    monkeypatch.setenv("KINBRIDGE_ENVIRONMENT", "production")

    settings = Settings()

    assert settings.production
    assert settings.fetch_wait == timedelta(milliseconds=10)
    assert settings.kafka_config == {
        "security.protocol": "SSL",
        "bootstrap.servers": "kafka.example:9092,other.example:9092",
    }


def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINBRIDGE_INTAKE_PORT", "9000000009")

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert "intake_port" in str(raised.value)
    assert "9000000009" not in str(raised.value)


def test_a_secret_does_not_print_and_must_be_long_enough() -> None:
    settings = Settings.model_validate({"secret": "x" * 32, "store": "postgresql://u:pw@db/k"})

    assert settings.need_secret() == b"x" * 32
    assert "xxx" not in repr(settings)
    assert "pw" not in repr(settings)
    with pytest.raises(SecretMissingError):
        Settings.model_validate({"secret": "x" * 31}).need_secret()


def test_without_a_database_the_store_is_a_folder_of_sqlite_files(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).store_url == f"sqlite:///{tmp_path}"


def test_a_variable_that_a_file_names_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINBRIDGE_EXAMPLE_SECRET", "whsec_x")
    monkeypatch.delenv("KINBRIDGE_EXAMPLE_URL", raising=False)

    found = named_in_a_file("KINBRIDGE_EXAMPLE_SECRET")

    assert found.get_secret_value() == "whsec_x"
    assert "whsec" not in repr(found)
    with pytest.raises(SecretMissingError, match="KINBRIDGE_EXAMPLE_URL is not set"):
        named_in_a_file("KINBRIDGE_EXAMPLE_URL")
