# What a run does when it begins, and says when it ends: to the person who started it, in the terminal.
from importlib.util import find_spec

from melt2crystal.jobs.orphans import begin_guard, end, orphans

ASKED = replicate_name(str(config.get("study", "")), config.get("replicate", 1))
CHOSEN = f" --study {shlex.quote(ASKED)}" if "study" in config else ""


def tell(*lines):
    print("\n" + "\n".join(lines), file=sys.stderr)


onstart:
    if lacking := [name for name in BACKEND if PYTORCH and find_spec(name) is None]:
        raise WorkflowError(f"train.network.descriptor: dpa4 needs {', '.join(lacking)}; run 'make env-pytorch'")
    if left_behind := orphans(PROJECT):
        numbers = ", ".join(str(process.pid) for process in left_behind)
        tell(
            f"Ending {len(left_behind)} processes that a killed run left behind ({numbers}); their jobs are done again."
        )
        end(left_behind)
    begin_guard()


onsuccess:
    if Path(f"{RESULTS}/summary.md").is_file() and not workflow.dag_settings.targets:
        tell(
            f"Study {STUDY.name} is finished. Its numbers: {RESULTS}/summary.md; its figures: {RESULTS}/figures/.",
            f"Next: melt2crystal report{CHOSEN} (one HTML file), ledger (what it cost), export (a zip for an archive).",
        )


onerror:
    tell(
        f"Study {STUDY.name} stopped before its end; what failed is said above, and again by: melt2crystal status{CHOSEN}",
        "Mend it and start the same command again: what is finished is kept, labels and trainings go on where they were.",
    )
