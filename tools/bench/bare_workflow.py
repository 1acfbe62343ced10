"""A bare Snakemake workflow with the jobs and files of a planned study: what a dry run costs without our rules."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from melt2crystal.jobs.snakemake_plan import plan

RESOURCES = ("mem_mb", "runtime", "gpu", "tasks", "cpus_per_task", "mpi")


def write_bare_workflow(study: Path, snakefile: Path) -> None:
    """Plan a study and write its jobs as a workflow of its own.

    It has the rules of the plan under their names, with the same patterns of output, log and benchmark files, the same
    constraints of wildcards, the same names of input and output files, threads and resources (as plain numbers) and a
    command that touches the output. It has no parameters, no messages, no functions and nothing but Snakemake to
    import. Where the input files of a rule with several jobs follow from the study, as the shards of a batch do, they
    stand in a table that is looked up by the wildcards; these are one job in a hundred.

    Args:
        study: YAML file of the study; nothing of it may have been made.
        snakefile: where to write.
    """
    with plan(str(study)) as planned:
        jobs = defaultdict(list)
        for job in sorted(planned.dag.jobs, key=planned.dag.jobid):
            jobs[job.rule.name].append(job)
    names = sorted(jobs, key=lambda name: (name != "all", name))  # the first rule is what is asked for
    tables = {name: _looked_up(jobs[name]) for name in names}
    texts = [f"TABLES = {tables!r}", *(_rule(name, jobs[name], set(tables[name])) for name in names)]
    snakefile.write_text("\n\n".join(texts) + "\n", encoding="utf-8")


def _looked_up(jobs: list[Any]) -> dict[str, dict[tuple[str, ...], Any]]:
    """Input files of a rule with several jobs that a function names: name -> values of the wildcards -> files."""
    named = [name for name, item in jobs[0].rule.input._allitems() if _is_function(item)] if len(jobs) > 1 else []
    return {name: {tuple(job.wildcards): _plain(job.input.get(name)) for job in jobs} for name in named}


def _rule(rule_name: str, jobs: list[Any], tables: set[str]) -> str:
    """A rule that has these jobs, as text."""
    job, rule = jobs[0], jobs[0].rule
    patterns = rule.input if len(jobs) > 1 else job.input
    resources = {key: job.resources.get(key) for key in RESOURCES if job.resources.get(key) is not None}
    blocks = {
        "input": [
            f"{name}=lambda wildcards: TABLES[{rule_name!r}][{name!r}][tuple(wildcards)]"
            if name in tables
            else _files(name, item)
            for name, item in patterns._allitems()
        ],
        "output": [_files(name, item) for name, item in rule.output._allitems()],
        "log": [_files(name, item) for name, item in rule.log._allitems()],
        "benchmark": [_files(None, rule.benchmark)] if rule.benchmark else [],
        "threads": [str(job.threads)],
        "resources": [f"{key}={value!r}" for key, value in resources.items()],
        "shell": ["'touch {output} > {log} 2>&1'"] if rule.output else [],
    }
    texts = [f"    {word}:\n        " + ",\n        ".join(lines) for word, lines in blocks.items() if lines]
    return "\n".join([f"rule {rule_name}:", *texts])


def _files(name: str | None, item: Any) -> str:
    return f"{name}={_plain(item)!r}" if name else repr(_plain(item))


def _plain(item: str | Iterable[str]) -> str | list[str]:
    """A file or files as plain strings, wildcards and their constraints in them."""
    return str(item) if isinstance(item, str) else [str(file) for file in item]


def _is_function(item: Any) -> bool:
    """A function, or one that Snakemake wrapped as it wraps ``ancient(...)``."""
    return callable(item) or (hasattr(item, "is_callable") and item.is_callable())
