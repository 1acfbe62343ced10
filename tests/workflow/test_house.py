"""The house rules that can be asked of files: what each rule has, how things are named, how long a file may grow."""

import inspect
import os
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY
from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from melt2crystal.jobs.code_inputs import code_of_params

SMALLEST_MB = 500  # two snakemake processes share a cluster job with the program
LINES = {"Snakefile": 80, "rules/common.smk": 120, "rules/*.smk": 150, "*.py": 300}  # the first that fits counts
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common"}
NOT_FOR_PARAMS = {"input", "output", "threads", "resources"}  # such functions are unknown to the params trigger

UNKNOWN_ON_PURPOSE = "places"  # command, ranks and folders of the reference: rules/functions_needs.smk


def rules_of(folder: Path, study: str = "ci") -> list:
    """Snakemake's rules of a checkout, parsed and not planned. Parsing sets variables and the folder: put back."""
    before, where = dict(os.environ), Path.cwd()
    try:
        with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, skip_plugin_handlers=True)) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config={"study": study}),
                snakefile=folder / "Snakefile",
                workdir=folder,
            )
            return list(workflow._workflow.rules)
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)


def first(resource):
    """A resource as the first attempt gets it, None if it isn't there."""
    return None if resource is None else resource.evaluate(None, attempt=1).value


def faults_of(rule) -> list[str]:
    """What a rule lacks of what every rule has."""
    if rule.norun:
        return [] if rule.name in rule.workflow._localrules else ["a target rule is a localrule"]
    found = []
    if not rule.message:
        found.append("no message")
    for what, paths in (("log", list(rule.log)), ("benchmark", [rule.benchmark] if rule.benchmark else [])):
        if not paths:
            found.append(f"no {what}")
        found += [
            f"{what} {path} is not in {what}s/{rule.name}/" for path in paths if f"/{rule.name}/" not in str(path)
        ]
    megabytes, minutes = (first(rule.resources.get(name)) for name in ("mem_mb", "runtime"))
    if not isinstance(megabytes, int) or megabytes < SMALLEST_MB:
        found.append(f"mem_mb is {megabytes}, at least {SMALLEST_MB} are needed")
    if not isinstance(minutes, int) or minutes < 1:
        found.append(f"runtime is {minutes}, minutes are needed")
    script = f"scripts/{rule.name}.py"
    if "python" in (rule.shellcmd or "python"):
        if f"python {script} " not in (rule.shellcmd or ""):
            found.append(f"its program is not {script}")
        if script not in code_of_params(param for param in rule.params if isinstance(param, str)):
            found.append(f"its code is no parameter: *code({rule.name!r})")
    for param in [*rule.params]:
        unknown = callable(param) and NOT_FOR_PARAMS & set(inspect.signature(param).parameters)
        if unknown and param.__name__ != UNKNOWN_ON_PURPOSE:
            found.append("a function of input, output, threads or resources in params")
    return found


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
    programs = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    assert programs == {rule.name for rule in rules if "python" in (rule.shellcmd or "")}


BAD = """
rule good_looking:
    input: "a"
    output: "results/b"
    log: "results/logs/other/b.log"
    resources: mem_mb=lambda wildcards, attempt: 400 * attempt
    params: twice=lambda wildcards, input: input[0]
    shell: "python scripts/other.py {input} {output}"
"""
FOUND = [
    "no message",
    "no benchmark",
    "log results/logs/other/b.log",
    "mem_mb is 400",
    "runtime is None",
    "its program is not scripts/good_looking.py",
    "its code is no parameter",
    "a function of input",
]


def test_a_rule_without_them_is_found(fresh, tmp_path):
    bad = fresh.edited(tmp_path / "bad").folder
    with open(bad / "rules/summary.smk", "a") as file:
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
    named = [path.name for path in (REPOSITORY / "scripts").glob("*.py") if "config[" in path.read_text()]
    assert named == []
