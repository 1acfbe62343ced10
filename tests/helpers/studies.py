"""Studies written for a test, and what is said of them."""

from pathlib import Path

import pytest

from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study


def write_study(root: Path, text: str, name: str = "mine") -> dict:
    (root / f"config/studies/{name}.yaml").write_text(text, encoding="utf-8")
    return {"study": name, "results": "results"}


def complaint(root: Path, text: str, **more) -> str:
    with pytest.raises(UserError) as caught:
        load_study(write_study(root, text), root, **more)
    return str(caught.value)
