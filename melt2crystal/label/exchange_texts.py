"""README and scripts of an exported folder: what a person on the other machine needs, nothing of this project."""

from collections.abc import Sequence

from melt2crystal.engines.base import SharedFile

README = """\
# {count} configurations to be labelled: {reference}

Exported by melt2crystal from the study `{study}`, settings digest `{digest}`. Nothing of melt2crystal is needed here:
bash, coreutils and the program named in `run-frame.sh`.{note}

* `frames/<frame id>/` holds the inputs of one frame. Outputs are written beside them.
* `shared/` holds what all frames need.{absent}
* `checksums.sha256`: every run checks its inputs first. Don't edit inputs: the settings digest stands for them, and the
  import refuses altered ones.

## Run

```
bash run.sh                                  # one frame after the other
xargs -P 8 -n 1 bash run-frame.sh < frames.txt   # eight at a time
sbatch --array=1-{count} job-array.sh            # Slurm, one frame a task; edit the header first
```

A frame that came to an end is not run again; one that was killed is. Delete `frames/<frame id>/ended` to repeat one.
The program, its launcher and the time limit are at the top of `run-frame.sh`.

## Bring back

Copy this folder back, with inputs and outputs, as it is; part of the frames is enough:

```
make labels-import STUDY={study} FOLDER=path/of/this/folder
```
"""
RUN_FRAME = """\
#!/bin/bash
# bash run-frame.sh FRAME_ID: check the inputs, then compute this frame, unless it has come to an end before.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
frame="$1"
[ -e "frames/$frame/ended" ] && exit 0
grep -E "  (frames/$frame|shared)/" checksums.sha256 | sha256sum --check --quiet || {
    echo "$frame: its inputs are not those that were exported"
    exit 1
}
cd "frames/$frame" || exit 1

%s
touch ended
"""
RUN = """\
#!/bin/bash
# bash run.sh: all frames that have not come to an end, one after the other.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
while read -r frame <&3; do
    echo "$frame"
    bash run-frame.sh "$frame"
done 3< frames.txt
"""
JOB_ARRAY = """\
#!/bin/bash
#SBATCH --job-name=labels
#SBATCH --array=1-%d
#SBATCH --ntasks=1
#SBATCH --time=04:00:00
# An example: adapt tasks, time, account and modules to your site, then: sbatch job-array.sh
cd "$SLURM_SUBMIT_DIR" || exit 1
bash run-frame.sh "$(sed -n "${SLURM_ARRAY_TASK_ID}p" frames.txt)"
"""


def readme(count: int, reference: str, digest: str, study: str, absent: Sequence[SharedFile], note: str = "") -> str:
    """README.md of an exported folder.

    Args:
        absent: shared files that must be put there by hand.
        note: what else the other machine must have.
    """
    lines = "".join(f"\n  **Put `{file.name}` there yourself** (SHA-256 `{file.sha256}`)." for file in absent)
    return README.format(
        count=count, reference=reference, digest=digest, study=study, absent=lines, note=note and f"\n\n{note}"
    )


def scripts(run_frame: str, count: int) -> dict[str, str]:
    """File name -> text of the scripts that run an exported folder.

    Args:
        run_frame: lines of bash for one frame, run in its folder.
        count: number of frames.
    """
    return {"run-frame.sh": RUN_FRAME % run_frame.rstrip(), "run.sh": RUN, "job-array.sh": JOB_ARRAY % count}
