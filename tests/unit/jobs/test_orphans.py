"""Jobs of a driver that is killed: they end with it, those of a cluster don't, and what was left is found."""

import os
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode

import psutil
import pytest

from melt2crystal.commands.status import progress_of
from melt2crystal.jobs import orphans
from melt2crystal.jobs.job import Job

# A driver: it starts a job as Snakemake does (a shell), and one in a session of its own, as SLURM would.
DRIVER = """
import subprocess, sys, time
from melt2crystal.jobs import orphans
{begin}
job = subprocess.Popen("sleep 600; true", shell=True)
far = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(job.pid, far.pid, flush=True)
time.sleep(600)
"""
UNGUARDED = """
orphans.subprocess.Popen, usual = lambda *words, **options: None, orphans.subprocess.Popen
orphans.begin_guard()
orphans.subprocess.Popen = usual
"""


def driver(folder, begin="orphans.begin_guard()"):
    """A driver at work in a folder, its job and the job elsewhere."""
    words = [sys.executable, "-c", DRIVER.format(begin=begin)]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    job, far = map(int, process.stdout.readline().split())
    return process, psutil.Process(job), psutil.Process(far)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(true, seconds=60):
    limit = time.time() + seconds
    while not true() and time.time() < limit:
        time.sleep(0.1)
    return true()


@pytest.fixture
def far_ends():
    ended = []
    yield ended
    for process in ended:
        process.kill()


def test_jobs_of_a_killed_driver_end_and_those_of_a_cluster_go_on(tmp_path, far_ends):
    process, job, far = driver(tmp_path)
    far_ends.append(far)
    family = [job, *job.children(recursive=True)]
    kill(process)
    assert wait_until(lambda: not any(one.is_running() and one.status() != "zombie" for one in family))
    assert far.is_running()


def test_a_job_that_a_killed_driver_left_behind_is_found_and_ended(tmp_path, far_ends):
    process, job, far = driver(tmp_path, UNGUARDED)
    far_ends.append(far)
    assert orphans.orphans(tmp_path) == [], "its driver lives"
    kill(process)
    found = orphans.orphans(tmp_path)
    assert job in found and far not in found and orphans.orphans(tmp_path.parent) == []
    orphans.end(found)
    assert wait_until(lambda: orphans.orphans(tmp_path) == [])
    assert far.is_running()


def test_status_calls_a_job_that_goes_on_without_its_driver_running(tmp_path):
    jobs = [
        Job(k, "train_member", outputs=(f"results/a/{k}/model.pb",), log=f"results/a/logs/{k}.log") for k in range(4)
    ]
    begun = tmp_path / ".snakemake/incomplete"
    begun.mkdir(parents=True)
    for job in jobs[:3]:
        (begun / urlsafe_b64encode(job.outputs[0].encode()).decode()).write_text("{}")
    at_work = ["bash -c python member.py > results/a/logs/0.log 2>&1", "python member.py --frozen results/a/1/model.pb"]
    states = progress_of(jobs, {0, 1, 2, 3}, {}, False, at_work, tmp_path).states
    assert [states[job.number] for job in jobs] == ["running", "running", "interrupted", "waiting"]


def test_a_number_that_was_given_to_another_process_is_no_driver():
    me = psutil.Process()
    assert orphans._lives(me.pid, me.create_time())
    assert not orphans._lives(me.pid, me.create_time() - 60)
    assert not orphans._lives(2**22 + 1, 0.0)
