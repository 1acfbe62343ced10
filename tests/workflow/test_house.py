"""The house rules that can be asked of files: what each rule has, how things are named, how long a file may grow."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.checkout import REPOSITORY
from tests.helpers.rules import faults_of, rules_of

LINES = {"Snakefile": 80, "rules/*.smk": 200, "*.py": 300}  # the first that fits counts
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common"}


def own_files(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=folder, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (folder / name).is_file()]


@pytest.fixture(scope="module")
def rules():
    """Of a study that melts and of one that takes its melts from files: some rules are wired in one of them alone."""
    return [rule for study in ("ci", "released") for rule in rules_of(REPOSITORY, study)]


def test_every_rule_has_what_every_rule_has(rules):
    assert len(rules) > 30
    faults = [f"{rule.name}: {fault}" for rule in rules for fault in faults_of(rule)]
    assert faults == [], "\n".join(faults)


def test_every_program_belongs_to_the_rule_of_its_name(rules):
    programs = {f"{path.parent.name}_{path.stem}" for path in (REPOSITORY / "scripts").glob("*/*.py")}
    assert programs == {rule.name for rule in rules if "python" in (rule.shellcmd or "")}


BAD = """
rule good_looking:
    input: "a"
    output: "results/b"
    log: "results/logs/other/b.log"
    resources: mem_mb=lambda wildcards, attempt: 400 * attempt
    params: twice=lambda wildcards, input: input[0]
    shell: "python scripts/good/other.py {input} {output}"
"""
FOUND = [
    "no message",
    "no benchmark",
    "log results/logs/other/b.log",
    "mem_mb is 400",
    "runtime is None",
    "its program is not scripts/good/looking.py",
    "its code is no parameter",
    "{input} is not quoted",
    "a function of input",
]


def test_a_rule_without_them_is_found(fresh, tmp_path):
    bad = fresh.edited(tmp_path / "bad").folder
    with open(bad / "rules/report.smk", "a") as file:
        file.write(BAD)
    (rule,) = (rule for rule in rules_of(bad) if rule.name == "good_looking")
    found = " | ".join(faults_of(rule))
    for fault in FOUND:
        assert fault in found


def test_files_are_as_short_as_the_architecture_says():
    long = []
    for name in own_files(REPOSITORY):
        most = next((lines for pattern, lines in LINES.items() if Path(name).match(pattern)), None)
        if most and (lines := len((REPOSITORY / name).read_text(encoding="utf-8").splitlines())) > most:
            long.append(f"{name}: {lines} lines, at most {most}; split it by topic")
    assert long == [], "\n".join(long)


def test_files_are_named_by_their_topic():
    code = [Path(name) for name in own_files(REPOSITORY) if name.endswith((".py", ".smk"))]
    assert [str(path) for path in code if path.stem in VAGUE and str(path) != "rules/common.smk"] == []


def test_programs_read_no_configuration_of_snakemake():
    named = [path.name for path in (REPOSITORY / "scripts").rglob("*.py") if "config[" in path.read_text()]
    assert named == []


STAGES = ("liquid", "label", "train", "explore", "benchmark", "search", "figures", "report")
# files of rules that are no stage by themselves: what all share, and a second way through a stage
OF_STAGE = {
    "liquid_given": "liquid",
    "train_given": "train",
    "search_uspex": "search",
    "figures_benchmark": "figures",
    "figures_loop": "figures",
    "figures_search": "figures",
    "report_explorer": "report",
    "relaxed": "benchmark",
    "melt": "benchmark",
    "vibrations": "benchmark",
    "search_phases": "search",
}
NO_RULES = {"common", "needs", "run", "searches"}
MOST_MODULES = 12


def test_rule_file_program_and_room_speak_one_vocabulary(rules):
    assert {path.stem for path in (REPOSITORY / "rules").glob("*.smk")} == {*STAGES, *OF_STAGE, *NO_RULES}
    for rule in rules:
        if not rule.norun:
            file = Path(str(rule.snakefile)).stem
            assert rule.name.split("_")[0] == OF_STAGE.get(file, file), f"{rule.name} stands in rules/{file}.smk"
    for stage in STAGES:
        assert (REPOSITORY / "melt2crystal" / stage / "__init__.py").is_file(), stage
        assert list((REPOSITORY / "scripts" / stage).glob("*.py")), stage
        assert list((REPOSITORY / "tests/unit" / stage).glob("test_*.py")), stage
    sections = {path.stem for path in (REPOSITORY / "melt2crystal/sections").glob("*.py")}
    assert {*STAGES} - {"report"} <= sections  # the report has no settings


def rooms(folder: Path) -> dict[str, list[str]]:
    """Room of the package -> its modules."""
    found: dict[str, list[str]] = {}
    for path in sorted((folder / "melt2crystal").rglob("*.py")):
        if path.name != "__init__.py":
            found.setdefault(str(path.parent.relative_to(folder)), []).append(path.stem)
    return found


def test_no_room_is_a_hall(tmp_path):
    assert [room for room, modules in rooms(REPOSITORY).items() if len(modules) > MOST_MODULES] == []
    (tmp_path / "melt2crystal/attic").mkdir(parents=True)
    for number in range(MOST_MODULES + 1):
        (tmp_path / f"melt2crystal/attic/box{number}.py").touch()
    assert len(rooms(tmp_path)["melt2crystal/attic"]) == MOST_MODULES + 1


def test_tests_mirror_the_rooms_they_test():
    names = {path.name for path in (REPOSITORY / "melt2crystal").iterdir() if path.is_dir() and path.name[0] != "_"}
    mirrored = {path.name for path in (REPOSITORY / "tests/unit").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert mirrored - {"ground"} <= names
    assert names - mirrored <= {"sections", "relaxation"}  # asked in study and search, which use them


def test_no_test_imports_a_test_and_the_package_names_no_test():
    importing = re.compile(r"^\s*(?:from|import) (?:\S*\.)?test_", re.MULTILINE)
    code = [name for name in own_files(REPOSITORY) if name.endswith(".py")]
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in code}
    assert [name for name, text in texts.items() if name.startswith("tests/") and importing.search(text)] == []
    assert [name for name, text in texts.items() if name.startswith("melt2crystal/") and "tests/" in text] == []
    assert importing.search("from tests.unit.test_x import y\n") and importing.search("import test_x\n")


def test_no_program_hides_a_module_of_python():
    """Python puts a program's own folder before its library: scripts/explore/select.py would be everybody's select."""
    names = {path.stem for path in (REPOSITORY / "scripts").rglob("*.py")} | {"select"}
    assert names & sys.stdlib_module_names == {"select"}


def test_no_two_files_of_tests_have_one_name():
    """pytest imports them by their name alone, and one of two would not run."""
    names = [path.name for path in (REPOSITORY / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
