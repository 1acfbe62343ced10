"""Is a study finished? What `make report` and `make export` ask before they begin."""

from pathlib import Path

from melt2crystal.errors import UserError
from melt2crystal.jobs.snakemake_plan import Plan

SHOWN = 12  # missing files named in the message
OF_REPORT = ("report.smk", "report_explorer.smk")  # their jobs are done by `make report` itself


def require_finished(planned: Plan, purpose: str) -> None:
    """Raise if jobs of the study itself are still to be done.

    Raises:
        UserError: names the files that are missing, or those that exist but are older than what they depend on.
    """
    outputs, missing = to_be_made(planned)
    name = planned.study.name
    if missing:
        raise UserError(
            f"{planned.results}: study {name} isn't finished, {purpose} needs all of it. Missing:\n{listed(missing)}\n"
            f"Finish it first: make run STUDY={name} (what is left: make status STUDY={name})"
        )
    if outputs:
        raise UserError(
            f"{planned.results}: settings, code or data of study {name} changed since these were made:\n"
            f"{listed(outputs)}\nBring it up to date first: make run STUDY={name} "
            f"(what changed: make why TARGET={outputs[-1]})"
        )


def to_be_made(planned: Plan) -> tuple[list[str], list[str]]:
    """Files of the study itself that its jobs would make now, and those of them that are missing; none: finished."""
    needed = {int(planned.dag.jobid(job)) for job in planned.dag.needrun_jobs()}
    own = (job for job in planned.jobs if job.number in needed and job.file not in OF_REPORT)
    outputs = [path for job in own for path in job.outputs]
    return outputs, [path for path in outputs if not (planned.project / path).exists()]


def listed(paths: list[str]) -> str:
    """One file a line, as many as a person reads."""
    rest = [f"  ... and {len(paths) - SHOWN} more"] if len(paths) > SHOWN else []
    return "\n".join([*(f"  {path}" for path in paths[:SHOWN]), *rest])


def size_in_words(path: Path) -> str:
    """Size of a file in MB."""
    return f"{path.stat().st_size / 1e6:.1f} MB"
