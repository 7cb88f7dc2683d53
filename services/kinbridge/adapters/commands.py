"""`kinbridge adapter`: write one, check it, try it on recorded input, compare two versions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from pydantic import ValidationError

from kinbridge.adapters.difference import difference
from kinbridge.adapters.dry_run import Effect, Scene, effect_of
from kinbridge.adapters.named import AdapterError, adapter_named, known
from kinbridge.adapters.outcomes import PSEUDONYMS, Feed, Outcomes, outcomes_of
from kinbridge.adapters.recorded import Record, read_records
from kinbridge.adapters.scaffold import ScaffoldError, write_package
from kinbridge.partnership.loader import PolicyError, load_all
from kinbridge.settings import SecretMissingError, Settings
from kinbridge.sources.loader import SourcesError, load_sources
from kinbridge_casesystem.trial import Trial, spoilt
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Adapter
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.topics import TopicsError, load_topics

_EXISTING: Final = click.Path(path_type=Path, exists=True)
_SOURCE: Final = "209.trial"
_source = click.option(
    "--source", default=_SOURCE, show_default=True, help="The feed the records come by."
)
_type = click.option("--type", "content_type", default="", help="Their media type.")
_when = click.option(
    "--at",
    "at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When the first of them came, in UTC; without it: now.",
)


@click.group()
def adapter() -> None:
    """Adapters: write one, check it, try it and compare versions. Nothing is published."""


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except (
        AdapterError, ScaffoldError, SourcesError, PolicyError, SecretMissingError, TopicsError
    ) as problem:  # fmt: skip
        raise click.ClickException(str(problem)) from None
    except UnreadableError as problem:
        raise click.ClickException(f"It cannot be cut into records: {problem}.") from None
    except ValidationError:
        raise click.ClickException("The settings, or the kept outcomes, cannot be read.") from None
    except OSError as problem:
        what = problem.strerror or type(problem).__name__
        raise click.ClickException(f"{problem.filename}: {what}.") from None


@adapter.command("new")
@click.argument("name")
@click.option(
    "--into", type=_EXISTING, default=Path(), show_default="here", help="In which folder."
)
def new_adapter(name: str, into: Path) -> None:
    """Write a package for the adapter NAME: it passes the conformance kit as it stands."""
    with _plainly():
        folder = write_package(name, into)
    click.echo(f"{folder} is written. Its suite: kinbridge adapter check {folder}")


@adapter.command("list")
def list_adapters() -> None:
    """Show every adapter: built in, or of an installed package, and whether it may run."""
    with _plainly():
        for name, whose, state in known(load_sources(Settings().sources)):
            click.echo(f"{name:<24} {whose:<32} {state}")


@adapter.command("check")
@click.argument("target")
def check_adapter(target: str) -> None:
    """Check an adapter: of a package's folder its suite and types, by name what is installed.

    Exit: 0 it holds, 1 it does not.
    """
    folder = Path(target)
    if (folder / "pyproject.toml").is_file():
        sys.exit(_check_package(folder))
    with _plainly():
        found = adapter_named(target, load_sources(Settings().sources))
    trial = Trial(found.adapter, _SOURCE, "application/json", found.route)
    for content in spoilt(b"", ()):
        # Whatever is raised here beside UnreadableError is a bug of the adapter, and is shown.
        trial.unreadable(content)
    click.echo(f"{found.route}: version {found.adapter.version}. It can be loaded and run.")


def _check_package(folder: Path) -> int:
    for module in ("pytest", "mypy"):
        done = subprocess.run([sys.executable, "-m", module], cwd=folder, check=False)  # noqa: S603 - our own interpreter
        if done.returncode:
            return 1
    return 0


@adapter.command("dry-run")
@click.argument("name")
@click.argument("path", type=_EXISTING)
@click.option(
    "--before",
    nargs=3,
    multiple=True,
    metavar="ROUTE SOURCE PATH",
    help="What was known before: an adapter, its feed and recorded input. Repeatable.",
)
@click.option("--hours", default=26, show_default=True, help="How long the clock goes on.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep what it becomes, for `diff`.")
@_source
@_type
@_when
def dry_run(  # noqa: PLR0913 - one for each option
    name: str,
    path: Path,
    before: tuple[tuple[str, str, str], ...],
    *,
    hours: int,
    keep: Path | None,
    source: str,
    content_type: str,
    at: datetime | None,
) -> None:
    """Say what recorded input at PATH would become by adapter NAME, and which alerts change.

    Nothing is published and nobody is named. Exit: 0 all can be read, 1 error, 2 some cannot.
    """
    with _plainly():
        settings, start = Settings(), _start(at)
        found = adapter_named(name, load_sources(settings.sources))
        records = read_records(path, found.route, content_type)
        scene = []
        for number, (route, feed_of, told) in enumerate(before):
            earlier = adapter_named(route, found.sources)
            found = adapter_named(name, earlier.sources)
            begun = start - timedelta(hours=len(before) - number)
            scene.append((Feed(earlier.route, feed_of, begun), _read(told, earlier.route)))
        feed = Feed(found.route, source, start)
        outcomes = outcomes_of(found.adapter, feed, records)
        effect = effect_of(
            Scene(
                load_topics(settings.topics).with_partitions(1),
                load_all(settings.partnerships),
                found.sources,
                tuple(scene),
                timedelta(hours=hours),
            ),
            feed,
            records,
        )
        if keep is not None:
            _keep(settings, found.adapter, feed, records, keep)
    _print(outcomes, effect)
    sys.exit(0 if all(each.readable for each in outcomes.outcomes) else 2)


@adapter.command("diff")
@click.argument("old")
@click.argument("new")
@click.argument("path", type=_EXISTING)
@_source
@_type
@_when
def diff_adapters(
    old: str, new: str, path: Path, *, source: str, content_type: str, at: datetime | None
) -> None:
    """Compare what two adapters make of recorded input at PATH.

    OLD and NEW are names of adapters; OLD may be a file that `dry-run --keep` wrote, which
    needs the same KINBRIDGE_SECRET. Exit: 0 the same, 1 error, 2 differs.
    """
    with _plainly():
        settings, start = Settings(), _start(at)
        sources = load_sources(settings.sources)
        after = adapter_named(new, sources)
        records = read_records(path, after.route, content_type)
        pseudonymiser = PSEUDONYMS
        if Path(old).is_file():
            pseudonymiser = Pseudonymiser(settings.need_secret())
            earlier = Outcomes.model_validate_json(Path(old).read_bytes())
        else:
            known_as = adapter_named(old, sources)
            feed = Feed(known_as.route, source, start)
            earlier = outcomes_of(known_as.adapter, feed, records)
        feed = Feed(after.route, source, start, pseudonymiser)
        found = difference(earlier, outcomes_of(after.adapter, feed, records))
    for line in found.lines:
        click.echo(line)
    click.echo(
        f"{len(records)} records: {found.gained} gained, {found.lost} lost, "
        f"{found.changed} changed, {found.ends} ended otherwise"
    )
    sys.exit(0 if found.same else 2)


def _start(at: datetime | None) -> datetime:
    if at is not None:
        return at.replace(tzinfo=UTC)
    return datetime.now(UTC)  # noqa: TID251 - the edge: what a person tries out came just now


def _read(path: str, route: str) -> tuple[Record, ...]:
    return read_records(Path(path), route)


def _keep(
    settings: Settings, adapter: Adapter, feed: Feed, records: tuple[Record, ...], into: Path
) -> None:
    kept = Feed(feed.route, feed.source, feed.start, Pseudonymiser(settings.need_secret()))
    outcomes = outcomes_of(adapter, kept, records)
    into.write_text(outcomes.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _print(outcomes: Outcomes, effect: Effect) -> None:
    click.echo(f"mapping {outcomes.mapping}")
    for outcome in outcomes.outcomes:
        lines = [*(told.line for told in outcome.told), *outcome.ends]
        click.echo("\n  ".join((outcome.record, *lines)))
    parts = {
        "rules": effect.rules,
        "sharing": effect.sharing,
        "alerts": effect.alerts,
        "ends": effect.ends,
    }
    for title, found in parts.items():
        click.echo("\n  ".join((title, *(found or ("no difference",)))))
