"""Snakemake's rules of a checkout, and what a rule lacks of what every rule has."""

import inspect
import os
import re
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from melt2crystal.jobs.code_inputs import code_of_params

SMALLEST_MB = 500  # two snakemake processes share a cluster job with the program
NOT_FOR_PARAMS = {"input", "output", "threads", "resources"}  # such functions are unknown to the params trigger
# command, ranks and folders of the reference; how many labels may fail: rules/needs.smk
UNKNOWN_ON_PURPOSE = ("places", "uspex_places", "tolerated")
UNQUOTED = re.compile(r"\{(?!\{)([^}:]+)\}")  # a value that a shell would read as words or commands


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
    script = f"scripts/{rule.name.replace('_', '/', 1)}.py"
    if "python" in (rule.shellcmd or "python"):
        if f'python -P "$MELT2CRYSTAL_ROOT"/{script} ' not in (rule.shellcmd or ""):
            found.append(f"its program is not {script}")
        if script not in code_of_params(param for param in rule.params if isinstance(param, str)):
            found.append(f"its code is no parameter: *code({rule.name!r})")
    unquoted = set(UNQUOTED.findall(rule.shellcmd or ""))
    found += [f"{{{name}}} is not quoted in its command" for name in sorted(unquoted)]
    for param in [*rule.params]:
        unknown = callable(param) and NOT_FOR_PARAMS & set(inspect.signature(param).parameters)
        if unknown and param.__name__ not in UNKNOWN_ON_PURPOSE:
            found.append("a function of input, output, threads or resources in params")
    return found
