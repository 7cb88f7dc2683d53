"""A dry run: what a file would become on a route, with nothing sent and nobody named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from kinbridge.mapping.routes import routes_of
from kinbridge.mapping.stage import declare
from kinbridge.settings import Settings
from kinbridge.sources.loader import SourcesError, load_sources
from kinbridge.stage import At, Message
from kinbridge_schemas.base import Contract, derive_id
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Given, Routes
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received

_PSEUDONYMS: Final = Pseudonymiser(b"of dry runs, in which no pseudonym is shown or kept")
_BY_ENDING: Final = {".xml": "application/fhir+xml", ".hl7": "application/hl7-v2"}
_ELSE: Final = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a file, a line each. `readable` is False where it would be a dead letter."""

    lines: tuple[str, ...]
    readable: bool


def content_type_of(ending: str) -> str:
    """Give the media type that the ending of a file's name stands for."""
    return _BY_ENDING.get(ending.lower(), _ELSE)


def tried(
    content: bytes, content_type: str, feed: tuple[str, str], routes: Routes, now: datetime
) -> Tried:
    """Map one record as the stage would, with nothing known from before.

    `feed` is the route and the source that it would come by.
    """
    route, source = feed
    own = derive_id("received", _PSEUDONYMS.fingerprint(content))
    received = Received(
        id=own, content=content, content_type=content_type, source=source, route=route
    )
    envelope = Envelope(
        id=own, type=Received.contract, source=f"{route}:{source}", recorded=now, correlation=own
    )
    stage = declare(pseudonymiser=_PSEUDONYMS, routes=routes)
    message = Message(stage.reads[0], own, envelope, received)
    try:
        decision = stage.decide(stage.fresh(), message, At(now=now, clock=now))
        flaws = routes[route](received, Given(_PSEUDONYMS, now)).flaws
    except UnreadableError as problem:
        return Tried((f"dead-letter {problem.reason} {problem.path}".rstrip(),), readable=False)
    told = _told(output.body for output in decision.outputs)
    wrong = (f"not valid: {flaw.place} {flaw.problem}" for flaw in flaws)
    return Tried((*told, *wrong), readable=True)


def _told(bodies: Iterable[Contract]) -> Iterator[str]:
    for body in bodies:
        match body:
            case ChildEvent():
                about = ", ".join(subject.role.value for subject in body.subjects)
                verb = "says" if body.act == "assert" else "takes back"
                yield f"{verb} {body.detail.kind} of {body.occurred.at:%Y-%m-%d}, about {about}"
            case Disposition():
                yield f"{body.end} {body.reason}"


@click.command("try")
@click.argument("route")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", default="trial", show_default=True, help="The feed it is to come by.")
def try_files(route: str, files: tuple[Path, ...], source: str) -> None:
    """Say what FILES would become on ROUTE, validated whole. Nothing is sent, nobody is named.

    Exit: 0 all can be read, 1 error, 2 some cannot.
    """
    now = datetime.now(UTC)  # noqa: TID251 - the edge: what a person tries out came just now
    try:
        sources = load_sources(Settings().sources)
        contents = [path.read_bytes() for path in files]
    except SourcesError as problem:
        raise click.ClickException(str(problem)) from None
    except FileNotFoundError as problem:
        raise click.ClickException(f"There is no {problem.filename}.") from None
    routes = routes_of(sources.model_copy(update={"strict": frozenset({source})}))
    if route not in routes:
        raise click.BadParameter(f"There is no such route. Known: {', '.join(sorted(routes))}.")
    readable = True
    for path, content in zip(files, contents, strict=True):
        found = tried(content, content_type_of(path.suffix), (route, source), routes, now)
        click.echo("\n  ".join((path.name, *found.lines)))
        readable = readable and found.readable
    raise SystemExit(0 if readable else 2)
