"""`kinbridge demo` and `kinbridge story`: the stories, played into a real line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import click

from kinbridge.demo.embedded import EmbeddedLine, embedded_line
from kinbridge.demo.line import NAME, Line, read_line
from kinbridge.demo.live import LiveWorld
from kinbridge.demo.played import Played, StepPlayed
from kinbridge.demo.player import Player
from kinbridge.demo.story import Story, StoryError, load_story, shipped
from kinbridge.demo.telling import Teller, document
from kinbridge.partnership.loader import PolicyError, load_all
from kinbridge.reading.sheet import sheet
from kinbridge.reading.text import lay_out
from kinbridge.runtime.listening import Listener, ListeningError
from kinbridge.settings import Settings
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.topics import load_topics

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_A_WHILE: Final = timedelta(seconds=1)


@click.command()
@click.option("--once", is_flag=True, help="End after the stories; exit 0 if all came.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, and nothing else.")
def demo(*, once: bool, as_json: bool) -> None:
    """Start an embedded line, play the stories into it, and show each alert as it is read."""
    stories = [load_story(path) for path in shipped()]
    with _plainly():
        settings = Settings()
        _say("Starting the line ...", quiet=as_json)
        today = datetime.now(UTC).date()
        with (
            _ended_by_signals(),
            embedded_line(settings, today) as running,
            _world(running.line, settings) as world,
        ):
            played = _play(world, stories, quiet=as_json, shortened=running.shortened)
            _finish(played, running.shortened, as_json=as_json)
            if not once:
                _stay(world, "" if as_json else _how_to_send(running))
        sys.exit(0 if all(one.as_expected for one in played) else 1)


@click.group()
def story() -> None:
    """Stories: what is sent, and which alerts must come of it, as a YAML file."""


@story.command("play")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--line", "where", type=click.Path(path_type=Path), help="Where the line is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, and nothing else.")
def play_story(file: Path, where: Path | None, *, as_json: bool) -> None:
    """Play the story in FILE into a line that runs. Exit 0 if every expected alert came."""
    with _plainly():
        settings = Settings()
        line = read_line(where or settings.data / "demo" / NAME)
        with _world(line, settings) as world:
            played = _play(world, [load_story(file)], quiet=as_json, shortened=())
        _finish(played, (), as_json=as_json)
        sys.exit(0 if all(one.as_expected for one in played) else 1)


@story.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check_story(file: Path) -> None:
    """Read the story in FILE and say what is wrong with it, without playing it."""
    with _plainly():
        found = load_story(file)
        click.echo(f"{found.name}: {len(found.steps)} steps, {len(found.expected)} alerts.")


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except (StoryError, ListeningError, PolicyError) as problem:
        raise click.ClickException(str(problem)) from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end what was started as Ctrl-C does."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _world(line: Line, settings: Settings) -> Iterator[LiveWorld]:
    authorities = {"authority": tuple(sorted(load_all(settings.partnerships)))}
    topics = {
        name: topic.schema_
        for name, topic in load_topics(settings.topics).expanded(authorities)
        if topic.audience == "partnership"
    }
    with (
        Listener(line.kafka_config, topics, codec()) as listener,
        LiveWorld(line.address, line.key_of(), listener) as world,
    ):
        yield world


def _play(
    world: LiveWorld, stories: Sequence[Story], *, quiet: bool, shortened: Sequence[str]
) -> list[Played]:
    teller = Teller(colour=_colour())
    count = 0

    def told(step: StepPlayed) -> None:
        nonlocal count
        count += 1
        _say(teller.step(count, step), quiet=quiet)

    player = Player(world, told)
    for difference in shortened:
        _say(f"Shortened for the demonstration: {difference}.", quiet=quiet)
    played = []
    for number, one in enumerate(stories):
        count = 0
        _say(teller.opening(one), quiet=quiet)
        played.append(player.play(one, _short_word(world.now(), number)))
    return played


def _short_word(now: datetime, number: int) -> str:
    """Give a word for a play that no other play has: the time in letters and digits."""
    left, word = int(now.timestamp()) * 10 + number % 10, ""
    while left:
        left, digit = divmod(left, len(_LETTERS))
        word += _LETTERS[digit]
    return word


def _finish(played: Sequence[Played], shortened: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(document(played, shortened))
    else:
        click.echo(Teller(colour=_colour()).table(played))


def _how_to_send(running: EmbeddedLine) -> str:
    line = running.line
    return f"""
The line stays up until Ctrl-C. Its log is {running.log}; the keys of the sources are in
{running.file}. Send something yourself, and see here what comes of it:

  KEY=$(sed -n 's/.*"lewisham-cases": "\\(.*\\)".*/\\1/p' {running.file})
  curl -i {line.address}/cases/liquidlogic/events -H "X-API-Key: $KEY" \\
    -H 'Content-Type: application/json' -d @event.json

or write a story and play it:  kinbridge story play my-story.yaml
"""


def _stay(world: LiveWorld, how_to_send: str) -> None:
    """Show every alert until Ctrl-C, which is how this is meant to end."""
    with suppress(KeyboardInterrupt):
        click.echo(how_to_send)
        while True:
            for arrival in world.listen(_A_WHILE):
                click.echo(f"{arrival.topic}:")
                click.echo(lay_out(sheet(arrival.alert), colour=_colour()) + "\n")


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
