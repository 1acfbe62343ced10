# What jobs need, wherever they run: memory, GPUs, ranks. Queues, accounts and modules are the profile's. Functions only.

GPUS = STUDY.jobs.gpus
RANKS = STUDY.jobs.label_ranks or getattr(STUDY.reference, "ranks", 1)
# The slurm plugin gives such a job its cores as tasks and leaves them to the launcher that the reference calls (srun);
# on a laptop `threads` count. With `threads` alone, srun would wait for ever for the cores that its own job step holds.
RANKS_AS_TASKS = {"mpi": "srun", "tasks": RANKS, "cpus_per_task": 1} if RANKS > 1 else {}
if RANKS > 1:
    os.environ.update(SLURM_NTASKS=str(RANKS))  # the plugin hides it from the job, and srun would start a single rank
# Where labels are only looked up, a missing one is told before the trainings have cost hours.
LABELS_FIRST = 0 if STUDY.label.compute else 20


PLACES = places_text(STUDY.reference)


@signed
def places(wildcards, output):
    """Command, ranks and folders of the reference. Snakemake keeps no record of a parameter that is a function of
    ``output`` (here for that alone): so none of it reruns a label."""
    return PLACES


def relaxing(used):
    """Resources of a job that relaxes crystals with the reference, if it does."""
    if not used:
        return {"mem_mb": memory(1000)}
    return {**RANKS_AS_TASKS, "mem_mb": memory(STUDY.jobs.label_MB_per_rank * RANKS)}


def memory(megabytes):
    """mem_mb that grows with every attempt: a job killed for its memory gets more (`retries` of the profile)."""
    return signed(lambda wildcards, attempt: megabytes * min(attempt, 3))
