"""What mapping keeps of a source's record: keyed hashes of its content, for a set time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import AwareDatetime

from kinbridge_schemas.base import Value
from kinbridge_schemas.mapped import Remembered

_MOST: Final = 100
"""A sender that sends one record more often than that has lost its way."""


class Account(Value):
    """One account of a record that was mapped. Neither field can be read back into content."""

    version: str
    content: str
    until: AwareDatetime


class MappingState(Value):
    """The accounts of one record, and what its adapter remembers."""

    accounts: tuple[Account, ...] = ()
    remembered: Remembered = Remembered()

    def holds(self, content: str) -> bool:
        return any(account.content == content for account in self.accounts)

    def contradicts(self, version: str, content: str) -> bool:
        """Whether the same version of this record had other content before."""
        return any(a.version == version and a.content != content for a in self.accounts)

    def adding(self, account: Account) -> MappingState:
        return self.model_copy(update={"accounts": (*self.accounts, account)[-_MOST:]})

    def at(self, clock: datetime) -> MappingState:
        """The state without the accounts whose time is over."""
        kept = tuple(a for a in self.accounts if a.until > clock)
        return self if kept == self.accounts else self.model_copy(update={"accounts": kept})

    @property
    def due(self) -> datetime | None:
        return min((account.until for account in self.accounts), default=None)
