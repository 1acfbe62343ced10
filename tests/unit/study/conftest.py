"""A repository root of its own for tests of studies."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def root(tmp_path):
    """A repository root with the project's configuration and data, free to be spoiled."""
    for folder in ("config", "data/polymorphs", "data/potentials"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path
