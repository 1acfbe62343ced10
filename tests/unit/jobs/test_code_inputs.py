"""The files a script's numbers depend on, found without running anything."""

from pathlib import Path

import pytest

from melt2crystal.errors import UserError
from melt2crystal.jobs.code_inputs import code_digests, code_inputs, code_of_params

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = {
    "__init__.py": '"""Doc."""\n__version__ = "1"\n',
    "one.py": "import melt2crystal.two\n",
    "two.py": "def late():\n    from melt2crystal.deep import three\n    return three\n",
    "unused.py": "raise SystemExit('must never run')\n",
    "cyclic.py": "from melt2crystal import cyclic_too\n",
    "cyclic_too.py": "from melt2crystal import cyclic\n",
    "deep/__init__.py": "TABLE = {}\n",
    "deep/three.py": "from . import four\nfrom .. import errors\n",
    "deep/four.py": "from ..seeds import seed_for\n",
    "errors.py": "",
    "seeds.py": "",
}


@pytest.fixture
def root(tmp_path):
    for name, text in PACKAGE.items():
        path = tmp_path / "melt2crystal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "scripts").mkdir()
    return tmp_path


def inputs(root: Path, text: str) -> set[str]:
    (root / "scripts/job.py").write_text(text)
    found = code_inputs(Path("scripts/job.py"), root)
    assert found == sorted(found) and found[-1] == "scripts/job.py"
    return {name.removeprefix("melt2crystal/") for name in found[:-1]}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("import os, numpy\n", set()),
        ("from melt2crystal.errors import UserError\n", {"errors.py"}),
        ("from melt2crystal import errors, seeds\n", {"errors.py", "seeds.py"}),
        ("import melt2crystal.one as x\n", {"one.py", "two.py", "deep/__init__.py", "deep/three.py", "deep/four.py",
                                            "errors.py", "seeds.py"}),
        ("def f():\n    import melt2crystal.seeds\n", {"seeds.py"}),
        ("from melt2crystal.deep.four import seed_for\n", {"deep/__init__.py", "deep/four.py", "seeds.py"}),
        ("from melt2crystal.deep import TABLE\n", {"deep/__init__.py"}),
        ("from melt2crystal import __version__\n", {"__init__.py"}),
        ("import melt2crystal.cyclic\n", {"cyclic.py", "cyclic_too.py"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import melt2crystal.one\n", set()),
        ("import importlib\nimportlib.import_module('melt2crystal.seeds')\n", {"seeds.py"}),
        ("import melt2crystal_other.one\n", set()),
        ("try:\n    1\nexcept OSError:\n    import melt2crystal.seeds\nelse:\n    import melt2crystal.errors\n",
         {"seeds.py", "errors.py"}),
        ("try:\n    1\nfinally:\n    import melt2crystal.seeds\n", {"seeds.py"}),
        ("match 1:\n    case 1:\n        import melt2crystal.seeds\n", {"seeds.py"}),
        ("with open('a'):\n    for a in 'b':\n        1\n    else:\n        import melt2crystal.seeds\n", {"seeds.py"}),
        ("x = [lambda: __import__('melt2crystal.seeds')]\n", {"seeds.py"}),
    ],
)  # fmt: skip
def test_imports_are_followed(root, text, expected):
    assert inputs(root, text) == expected


def test_an_edit_in_the_same_process_is_noticed(root):
    assert inputs(root, "import melt2crystal.seeds\n") == {"seeds.py"}
    (root / "melt2crystal/seeds.py").write_text("import melt2crystal.errors  # new\n")
    assert inputs(root, "import melt2crystal.seeds\n") == {"seeds.py", "errors.py"}


def test_digests_follow_the_content_of_each_file_and_nothing_else(root):
    inputs(root, "import melt2crystal.seeds\n")
    script, seeds = Path("scripts/job.py"), root / "melt2crystal/seeds.py"
    first = code_digests(script, root)
    assert list(code_of_params([*first, "no code", "a.py"])) == ["melt2crystal/seeds.py", "scripts/job.py"]
    seeds.touch()
    assert code_digests(script, root) == first
    seeds.write_text('"""Another docstring."""\n')
    edited = code_digests(script, root)
    assert edited[0] != first[0] and edited[1] == first[1]
    seeds.write_text("")
    assert code_digests(script, root) == first


def test_scripts_of_one_plan_share_what_they_read():
    scripts = sorted((ROOT / "scripts/label").glob("*.py"))
    seen = {}
    assert [code_digests(path, ROOT, seen) for path in scripts] == [code_digests(path, ROOT) for path in scripts]
    assert {ROOT / name for path in scripts for name in code_inputs(path, ROOT)} == set(seen)


@pytest.mark.parametrize(
    "text, said", [("import melt2crystal.none\n", "melt2crystal.none"), ("def broken(:\n", "not valid Python")]
)
def test_missing_modules_and_broken_scripts_are_told(root, text, said):
    with pytest.raises(UserError, match=said):
        inputs(root, text)


def test_a_missing_script_is_told(root):
    with pytest.raises(UserError, match="no such script"):
        code_inputs(Path("scripts/none.py"), root)


def test_every_script_of_the_repository_knows_its_inputs_and_no_science_reads_the_whole_study():
    scripts = sorted((ROOT / "scripts").glob("*/*.py"))
    assert len(scripts) > 40
    for script in scripts:
        found = code_inputs(script, ROOT)
        assert script.relative_to(ROOT).as_posix() in found
        assert "melt2crystal/study/load.py" not in found, f"{script.name}: a new setting of any stage would rerun it"
        assert all((ROOT / name).is_file() for name in found)
