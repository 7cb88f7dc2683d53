"""The adapters of snapshots, by route. Cutting files is not theirs: see `formats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kinbridge_casesystem.annex_a import read_annex_a
from kinbridge_casesystem.cin import read_cin
from kinbridge_casesystem.dfe import EPISODES, MAPPING_VERSION, read_dfe
from kinbridge_casesystem.differ import Snapshots
from kinbridge_casesystem.extract import read_extract
from kinbridge_casesystem.ssda903 import read_903

SNAPSHOTS: Final[Mapping[str, Snapshots]] = {
    "dfe-csc": Snapshots(MAPPING_VERSION, read_dfe, EPISODES),
    "cin-census": Snapshots("cin-census-1", read_cin),
    "ssda903": Snapshots("ssda903-1", read_903),
    "annex-a": Snapshots("annex-a-1", read_annex_a),
    "case-extract": Snapshots("case-extract-1", read_extract),
}
