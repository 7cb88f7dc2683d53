"""The registry as one decision sees it: what was found, and over it what was written.

It remembers every name it was asked for. So `wants` is the decision itself run dry, and what a
decision reads can never be forgotten to be asked for. A dry run stops where it comes to a
document that is known to exist and was not read yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kinbridge.linking.documents import (
    BUCKETS,
    ChildDocument,
    FactsDocument,
    Holding,
    KeyDocument,
    SeenFact,
    bucket_of,
    child_name,
    facts_name,
    key_name,
)
from kinbridge_schemas.base import Id, Value
from kinbridge_schemas.identifiers import ChildRef, SubjectKey

_NOTHING = KeyDocument()
_NO_FACTS = FactsDocument()


class NotReadYetError(Exception):
    """The dry run needs what was asked for just now: more cannot be said before it is read."""


class LostDocumentError(Exception):
    """Another document names one that is not there: a bug. The text names its kind only."""


class Registry:
    """Documents by name, for one decision. Made, used once, and thrown away.

    `dry` says that only what it asks for is of interest. `folds` belongs to `fold`: children
    already folded, as long as nothing is told.
    """

    __slots__ = ("_found", "asked", "dry", "folds", "written")

    def __init__(self, found: Mapping[str, Value], *, dry: bool = False) -> None:
        self._found = found
        self.dry = dry
        self.asked: set[str] = set()
        self.written: dict[str, Value | None] = {}
        self.folds: dict[ChildRef, Any] = {}

    def expect(self, names: Iterable[str]) -> None:
        """Say that these are about to be read and exist, so that they are read together."""
        names = set(names)
        self.asked |= names
        for name in names:
            if name not in self._found and name not in self.written:
                if self.dry:
                    raise NotReadYetError
                raise LostDocumentError(name.partition(":")[0])

    def ask_children(self, refs: Iterable[ChildRef]) -> None:
        self.asked |= {child_name(ref) for ref in refs}

    def ask_keys(self, keys: Iterable[SubjectKey]) -> None:
        self.asked |= {key_name(key) for key in keys}

    def ask_facts(self, children: Iterable[ChildRef], fact: Id) -> None:
        self.asked |= {facts_name(child, bucket_of(fact)) for child in children}

    def expect_children(self, refs: Iterable[ChildRef]) -> None:
        self.expect(child_name(ref) for ref in refs)

    def expect_keys(self, keys: Iterable[SubjectKey]) -> None:
        self.expect(key_name(key) for key in keys)

    # -- children

    def child(self, ref: ChildRef) -> ChildDocument | None:
        document = self._get(child_name(ref))
        return document if isinstance(document, ChildDocument) else None

    def put_child(self, document: ChildDocument, *, told: bool = True) -> None:
        """Keep a document. `told` False says that only what is made of the facts is new."""
        if told:
            self.folds.clear()
        self._put(child_name(document.child), document)

    def changed_children(self) -> Iterator[tuple[ChildDocument | None, ChildDocument]]:
        """Give the children's documents that were written, each with what was found."""
        for name, after in sorted(self.written.items()):
            if isinstance(after, ChildDocument):
                before = self._found.get(name)
                yield (before if isinstance(before, ChildDocument) else None), after

    # -- identifiers

    def key(self, key: SubjectKey) -> KeyDocument:
        """Give what is known of an identifier: an empty document where nothing is."""
        document = self._get(key_name(key))
        return document if isinstance(document, KeyDocument) else _NOTHING

    def put_key(self, key: SubjectKey, document: KeyDocument) -> None:
        """Keep what is known of an identifier that some child's record names.

        One that a merge ties to another may be named by that one's document alone.
        """
        self._put(key_name(key), document)

    def drop_key(self, key: SubjectKey) -> None:
        self._put(key_name(key), None)

    def hold(self, key: SubjectKey, child: ChildRef, holdings: tuple[Holding, ...]) -> None:
        """Replace what an identifier's document says of one child."""
        known = self.key(key)
        others = tuple(h for h in known.holdings if h.child != child)
        after = tuple(sorted((*others, *holdings), key=_holding_order))
        if after != known.holdings:
            kept = known.model_copy(update={"holdings": after})
            self._put(key_name(key), kept if after or known.merges else None)

    def same_person(self, key: SubjectKey) -> tuple[SubjectKey, ...]:
        """Give a key and those that standing merges say are the same person's."""
        found, waiting = [key], [key]
        while waiting:
            for merge in self.key(waiting.pop()).merges.values():
                if merge.stands and merge.other not in found:
                    found.append(merge.other)
                    waiting.append(merge.other)
        return tuple(sorted(found))

    # -- facts

    def seen(self, child: ChildRef, fact: Id) -> SeenFact | None:
        return self._facts(child, bucket_of(fact)).facts.get(fact)

    def see(self, child: ChildRef, fact: Id, seen: SeenFact) -> None:
        bucket = bucket_of(fact)
        facts = {**self._facts(child, bucket).facts, fact: seen}
        self._put(facts_name(child, bucket), FactsDocument(facts=facts))

    def all_seen(self, child: ChildRef) -> Iterator[tuple[Id, SeenFact]]:
        for bucket in range(BUCKETS):
            yield from sorted(self._facts(child, bucket).facts.items())

    def forget_facts(self, child: ChildRef) -> None:
        for bucket in range(BUCKETS):
            if self._facts(child, bucket).facts:
                self._put(facts_name(child, bucket), None)

    def _facts(self, child: ChildRef, bucket: int) -> FactsDocument:
        document = self._get(facts_name(child, bucket))
        return document if isinstance(document, FactsDocument) else _NO_FACTS

    # -- any document

    def changes(self) -> dict[str, Value | None]:
        """Give the documents that are other than they were found; None where one is gone."""
        return {n: d for n, d in self.written.items() if d is not self._found.get(n)}

    def _get(self, name: str) -> Value | None:
        if name in self.written:
            return self.written[name]
        self.asked.add(name)
        return self._found.get(name)

    def _put(self, name: str, document: Value | None) -> None:
        self.asked.add(name)
        if document is None and name not in self._found:
            self.written.pop(name, None)
        else:
            self.written[name] = document


def _holding_order(holding: Holding) -> tuple[str, str, str]:
    return (holding.child, holding.relation.value, holding.event)
