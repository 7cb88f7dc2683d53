"""Identifiers of persons, as types that do not print, and the keyed pseudonyms made of them.

`.reveal()` is the only way to the text. A key, log, metric, error or URL gets a pseudonym.
"""

from __future__ import annotations

import base64
import hmac
import re
from operator import mul
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Self

from pydantic import GetCoreSchemaHandler, StringConstraints
from pydantic_core import core_schema

from kinbridge_schemas.problems import UnreadableError

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

_NHS_MODULUS: Final = 11
_NHS_WEIGHTS: Final = tuple(range(10, 0, -1))
"""Of the nine digits, and of the check digit, with which the sum is a multiple of 11."""
_BETWEEN: Final = re.compile(r"[\s-]")


class Concealed:
    """Text about a person that never prints: `repr`, `str` and formatting show stars only."""

    __slots__ = ("_text",)

    pattern: ClassVar[re.Pattern[str]] = re.compile(r"^.{1,200}$", re.DOTALL)
    reason: ClassVar[str] = "text-invalid"

    def __init__(self, text: str) -> None:
        normal = self.normalise(text)
        if not self.pattern.match(normal) or not self.well_formed(normal):
            raise UnreadableError(self.reason)
        self._text = normal

    @classmethod
    def normalise(cls, text: str) -> str:
        return text.strip()

    @classmethod
    def well_formed(cls, _text: str) -> bool:
        return True

    def reveal(self) -> str:
        """Give the text itself. Each call is a place to review: grep for it."""
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(**********)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._text == other._text

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._text))

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return (type(self), (self._text,))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        def parse(text: str) -> Concealed:
            try:
                return cls(text)
            except UnreadableError as problem:
                raise ValueError(problem.reason) from None

        from_text = core_schema.no_info_after_validator_function(
            parse, core_schema.str_schema(max_length=400)
        )
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(cls), from_text]
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value.reveal(), when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "x-concealed": True, "title": cls.__name__}


class NhsNumber(Concealed):
    """An NHS number: ten digits, the last a modulus 11 check digit.

    Source: NHS Data Model and Dictionary, NHS NUMBER. Spaces and hyphens are dropped. A number
    that passes is well formed, not verified: who it belongs to is for linking to decide.
    """

    __slots__ = ()
    pattern = re.compile(r"^[0-9]{10}$")
    reason = "nhs-number-invalid"

    @classmethod
    def normalise(cls, text: str) -> str:
        return text if text.isdigit() else _BETWEEN.sub("", text)

    @classmethod
    def well_formed(cls, text: str) -> bool:
        # Digits as their codes: 48 for each, ten times with all weights, is a multiple of 11.
        total: int = sum(map(mul, text.encode(), _NHS_WEIGHTS))
        return total % _NHS_MODULUS == 0


class LaChildId(Concealed):
    """A local authority's own id of a child. Opaque.

    The CIN census guide allows 10 alphanumerics, the DfE Children's Social Care API 20, and
    systems in use more; so up to 36 of letters, digits, `_` and `-`.
    """

    __slots__ = ()
    pattern = re.compile(r"^[A-Za-z0-9_-]{1,36}$")
    reason = "la-child-id-invalid"


class PersonName(Concealed):
    """A person's name as one line, family name last. At most 200 characters."""

    __slots__ = ()
    reason = "name-invalid"


class Postcode(Concealed):
    """A UK postcode, upper case, one space. Form only: it may not exist."""

    __slots__ = ()
    pattern = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$")
    reason = "postcode-invalid"

    @classmethod
    def normalise(cls, text: str) -> str:
        packed = re.sub(r"\s", "", text).upper()
        return f"{packed[:-3]} {packed[-3:]}" if len(packed) > 3 else packed  # noqa: PLR2004 - the inward code is three characters


class PostcodeDistrict(Concealed):
    """The first part of a UK postcode, as in `ZZ99`: an area of some thousand households."""

    __slots__ = ()
    pattern = re.compile(r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")
    reason = "postcode-district-invalid"

    @classmethod
    def normalise(cls, text: str) -> str:
        return text.strip().upper()


AuthorityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]
"""The three-digit local authority code of the DfE, as 210 Southwark, 209 Lewisham."""

SubjectKey = Annotated[str, StringConstraints(pattern=r"^sk-[a-z2-7]{32}$")]
"""A keyed pseudonym of one identifier: the key of child-events."""

PersonRef = Annotated[str, StringConstraints(pattern=r"^person-[a-z2-7]{32}$")]
ChildRef = Annotated[str, StringConstraints(pattern=r"^child-[a-z2-7]{32}$")]
"""One child, born or unborn, in one authority. It stays the same over birth."""
FamilyRef = Annotated[str, StringConstraints(pattern=r"^family-[a-z2-7]{32}$")]
"""What alerts are gathered by, and no more: it opens no access."""


class Pseudonymiser:
    """Makes keyed pseudonyms (HMAC-SHA-256, 160 bits kept). The secret never leaves it.

    Without the secret nobody can test a guessed NHS number against a key on a topic.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:  # noqa: PLR2004 - 256 bits, as RFC 2104 section 3 advises for SHA-256
            raise ValueError("The pseudonym secret needs at least 32 bytes.")
        self._secret = secret

    def __repr__(self) -> str:
        return "Pseudonymiser(**********)"

    def of_nhs_number(self, number: NhsNumber) -> SubjectKey:
        return self._make("sk", "nhs", number.reveal())

    def of_la_child(self, authority: AuthorityCode, child: LaChildId) -> SubjectKey:
        return self._make("sk", "la", authority, child.reveal())

    def of_source_record(self, source: str, record: str) -> SubjectKey:
        """The key of a record of a source that may itself hold an identifier."""
        return self._make("sk", "record", source, record)

    def person(self, *parts: str) -> PersonRef:
        return self._make("person", *parts)

    def child(self, *parts: str) -> ChildRef:
        return self._make("child", *parts)

    def family(self, *parts: str) -> FamilyRef:
        return self._make("family", *parts)

    def fingerprint(self, content: bytes) -> str:
        """A keyed hash of content, to tell a repeat from a conflict without keeping it."""
        return hmac.digest(self._secret, b"content\x00" + content, "sha256").hex()[:40]

    def _make(self, prefix: str, *parts: str) -> str:
        each = [part.encode() for part in (prefix, *parts)]
        data = b"".join([len(part).to_bytes(4, "big") + part for part in each])
        digest = hmac.digest(self._secret, data, "sha256")[:20]
        return f"{prefix}-{base64.b32encode(digest).decode().lower()}"
