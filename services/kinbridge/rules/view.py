"""A child's picture as a rule reads it: what stands now, or what could have stood. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Final, TypeVar, cast

from kinbridge.rules.picture import Account, Picture
from kinbridge_schemas.base import Value
from kinbridge_schemas.events import KINDS
from kinbridge_schemas.linked import ChildRecord

D = TypeVar("D", bound=Value)
R = TypeVar("R")
_DATES: Final = frozenset({"edd_revised", "edd_changed", "maternity_booked", "unborn_registered"})
"""A date of delivery raises or takes back, by where it lies."""

_NAMES: Final = {kind: name for name, kind in KINDS.items()}

Raises = Callable[[Account], bool]
"""Whether an account can bring a concern about, rather than take one back."""


class View:
    """The picture as a rule reads it: standing accounts of this opening, by kind.

    A permissive view shows all that could have been so in some order of what came since the
    last step: every account that raises, and of the others only what was known at the step.

    `heard` names what somebody was told of, or could have been: only of these does a rule say
    that they hold no longer.
    """

    __slots__ = ("_kinds", "_made", "heard", "permissive", "picture", "record")

    def __init__(
        self, picture: Picture, record: ChildRecord, raises: Raises | None = None
    ) -> None:
        self.picture: Final = picture
        self.record: Final = record
        self.permissive: Final = raises is not None
        self.heard: frozenset[str] = frozenset()
        self._made: Final[dict[object, object]] = {}
        kinds: dict[str, list[Account]] = {}
        for accounts in picture.facts.values():
            shown = (
                _strict(picture, accounts) if raises is None else _any(picture, accounts, raises)
            )
            for account in shown:
                if account.opening == record.opening:
                    kinds.setdefault(account.detail.kind, []).append(account)
        self._kinds: Final[Mapping[str, list[Account]]] = kinds

    def of(self, *kinds: type[D]) -> Iterator[tuple[Account, D]]:
        """The accounts of these kinds of event, each with its detail in its own type."""
        for kind in kinds:
            for account in self._kinds.get(_NAMES[kind], ()):
                yield account, cast("D", account.detail)

    def made(self, reading: Callable[[View], R]) -> R:
        """What a reading of this view gives; it is made once."""
        if reading not in self._made:
            self._made[reading] = reading(self)
        return cast("R", self._made[reading])

    def ever(self, *kinds: type[D]) -> Iterator[D]:
        """What stands of these kinds, in whatever opening of the case it was told."""
        names = {_NAMES[kind] for kind in kinds}
        for accounts in self.picture.facts.values():
            if accounts[-1].detail.kind in names and self.picture.stands(accounts[-1]):
                yield cast("D", accounts[-1].detail)

    def has(self, *kinds: type[Value]) -> bool:
        return any(_NAMES[kind] in self._kinds for kind in kinds)


def _strict(picture: Picture, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    return (accounts[-1],) if picture.stands(accounts[-1]) else ()


def _any(picture: Picture, accounts: tuple[Account, ...], raises: Raises) -> list[Account]:
    raising = [a for a in accounts if raises(a) and _stood(picture, a)]
    if raising:
        return raising
    settled = accounts[0]
    alone = not settled.fresh and len(accounts) == 1
    return [settled] if alone and picture.stands(settled) else []


def _stood(picture: Picture, account: Account) -> bool:
    """Whether an account stood at some moment since the last step."""
    taken = picture.unlinked.get(account.event)
    standing = taken is None or taken.fresh or taken.revision < account.revision
    return account.act == "assert" and standing


def unsettled(picture: Picture, raises: Raises) -> bool:
    """Whether the permissive view can differ from the strict one."""
    if any(taken.fresh for taken in picture.unlinked.values()):
        return True
    for accounts in picture.facts.values():
        last = accounts[-1]
        both_ways = last.detail.kind in _DATES or not raises(last)
        if len(accounts) > 1 or (last.fresh and both_ways):
            return True
    return False


def read_once(reading: Callable[[View], R]) -> Callable[[View], R]:
    """A reading of a view that several ask for: made once for each view."""

    @wraps(reading)
    def once(view: View) -> R:
        return view.made(reading)

    return once
