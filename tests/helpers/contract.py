"""The rebuild contract, and what Snakemake says to the same edits of the ci study."""

import json
import subprocess
import sys

from melt2crystal.study.load import load_study
from tests.helpers.checkout import REPOSITORY, environment
from tools.rebuild.edits import every_edit, plain

CI = plain(load_study({"study": "ci"}, REPOSITORY))
EDITS = {edit.label: edit for edit in every_edit(CI)}


def dry_runs(checkout, tasks):
    """Answers to tasks of dry_runs.py, given inside the checkout."""
    asked, answered = checkout.folder / "tasks.json", checkout.folder / "answers.json"
    asked.write_text(json.dumps(tasks))
    command = [sys.executable, "tests/helpers/dry_runs.py", asked.name, answered.name]
    variables = {**environment(), "PYTHONPATH": str(checkout.folder)}
    done = subprocess.run(command, cwd=checkout.folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(answered.read_text())
