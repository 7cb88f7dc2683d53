"""The rules of style that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from tests.architecture.sources import ROOT, Source, every_python_file, product, tracked_files

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_FUNCTION: Final = 80
LONGEST_FILE: Final = 350
VAGUE: Final = frozenset({"utils", "util", "helpers", "helper", "manager", "managers", "common"})
LOG_METHODS: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
EVENT_CODE: Final = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9-]*)+")
EXCUSE: Final = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>.*)")
EXCUSED: Final = re.compile(
    r"(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z-]+(?:,\s*[a-z-]+)*\])(?P<reason>.*)"
)


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_function_is_longer_than_a_screen_and_a_half() -> None:
    long = [
        f"{source.at(node)} {node.name}"
        for source in every_python_file()
        for node in functions(source)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]

    assert long == []


def test_no_file_of_the_product_is_too_long_to_read() -> None:
    lengths = {source.path: source.text.count("\n") for source in product()}

    assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_file_is_named_after_nothing() -> None:
    assert [p for p in tracked_files() if PurePosixPath(p).stem in VAGUE] == []


def test_only_runtime_catches_everything() -> None:
    broad = [
        source.at(node)
        for source in product()
        if not source.is_runtime
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]

    assert broad == []


def excuses_without_reason(source: Source) -> Iterator[str]:
    """Give the lines that silence a tool without a code and a reason."""
    for number, line in enumerate(source.text.splitlines(), 1):
        excuse = EXCUSE.search(line)
        if excuse is None:
            continue
        told = EXCUSED.match(excuse["rest"])
        if told is None or len(told["reason"].strip(" -#:")) < len("a why"):
            yield f"{source.path}:{number}"


def test_every_exception_from_a_tool_says_which_and_why() -> None:
    assert [place for source in product() for place in excuses_without_reason(source)] == []


@pytest.mark.parametrize(
    ("line", "excused"),
    [
        pytest.param("x = 1  # noqa" + ": S603 - our own command", True, id="code and reason"),
        pytest.param("x = 1  # noqa" + ": S603", False, id="no reason"),
        pytest.param("x = 1  # noqa", False, id="no code"),
        pytest.param("x = 1  # type" + ": ignore[misc]  # pydantic's own", True, id="mypy"),
        pytest.param("x = 1  # type" + ": ignore", False, id="mypy, no code"),
    ],
)
def test_an_excuse_needs_its_code_and_its_reason(line: str, *, excused: bool) -> None:
    assert list(excuses_without_reason(Source("x.py", line))) == ([] if excused else ["x.py:1"])


def vague_events(source: Source) -> Iterator[str]:
    """Give the calls of a logger whose event is not a literal code."""
    for node in source.nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=method),
                args=[first, *_],
            ) if method in LOG_METHODS:
                match first:
                    case ast.Constant(value=str() as code) if EVENT_CODE.fullmatch(code):
                        pass
                    # Out of a table of codes.
                    case ast.Name(id="code" | "name" | "event"):
                        pass
                    case _:
                        yield source.at(node)


def test_every_log_event_is_a_code() -> None:
    assert [place for source in product() for place in vague_events(source)] == []


@pytest.mark.parametrize(
    ("call", "vague"),
    [
        ("log.info('alert.consolidated', reason=r)", False),
        ("log.info('Alert consolidated')", True),
        ("log.info(f'alert.{name}')", True),
        ("log.warning(text)", True),
    ],
)
def test_a_sentence_is_no_event(call: str, *, vague: bool) -> None:
    assert bool(list(vague_events(Source("x.py", call)))) == vague


def test_nothing_is_left_to_be_done_later() -> None:
    marks = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")

    assert [source.path for source in every_python_file() if marks.search(source.text)] == []


# Taken apart, so that this file does not name them either.
PLACES_OF_A_MACHINE: Final = re.compile(
    r"(?<![\w.])/(?:wo" + r"rk|ho" + r"me|ro" + r"ot|opt)/[\w.]|(?<![\w.$])/t" + r"mp/"
)
REGISTRIES: Final = re.compile(
    "|".join(
        [
            r"py" + r"pi\.org",
            r"python" + r"hosted\.org",
            r"npm" + r"js\.(?:org|com)",
            r"repo1?\." + r"maven",
            r"crates" + r"\.io",
            r"proxy\." + r"golang",
            r"deb\." + r"debian",
        ]
    )
)


def test_no_file_names_a_place_of_one_machine_or_a_package_registry() -> None:
    found = []
    for path in tracked_files():
        data = (ROOT / path).read_bytes()
        if b"\0" in data[:4096]:
            continue
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            if PLACES_OF_A_MACHINE.search(line) or REGISTRIES.search(line):
                found.append(f"{path}:{number}")

    assert found == []
