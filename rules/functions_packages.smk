# Packages of the lock whose release the numbers of a job depend on; a rule names its own. Functions only.
# Left out on purpose: what only reads, carries or tabulates (numpy, scipy, pandas, dpdata, and ASE where it moves no
# atom). And jobs of the reference name none: labels and relaxed crystals that were paid for outlive an upgrade.
from melt2crystal.versions import pins_text

# training a model, and each evaluation of one
PYTORCH = STUDY.train.network.passes_messages
MODELS = ("deepmd-kit", *(("e3nn", "torch", "vesin") if PYTORCH else ("tensorflow-cpu",)))
LOCKS = [ROOT / "envs" / f"{name}.txt" for name in ("requirements", *(["requirements-pytorch"] if PYTORCH else []))]


def packages(*names):
    """Pinned versions of these packages, as a parameter: an edit of the lock reruns the jobs that name an edited one."""
    try:
        return pins_text(LOCKS, names)
    except UserError as error:
        raise WorkflowError(str(error)) from None
