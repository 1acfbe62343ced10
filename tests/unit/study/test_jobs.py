"""Sizes of labelling jobs, and that what jobs ask of a machine is no setting of any job."""

import pytest

from melt2crystal.sections.jobs import Jobs
from melt2crystal.study.model import Study
from melt2crystal.study.parameters import section_text


@pytest.mark.parametrize(
    ("minutes_per_label", "minutes_per_shard", "frames", "limit"),
    [(8, 240, 30, 490), (8, 250, 31, 506), (0.5, 120, 240, 250), (500, 120, 1, 1010)],
)
def test_shards_hold_what_fits_and_have_twice_the_time(minutes_per_label, minutes_per_shard, frames, limit):
    jobs = Jobs(minutes_per_label=minutes_per_label, minutes_per_shard=minutes_per_shard)
    assert (jobs.frames_per_shard(400), jobs.label_runtime()) == (frames, limit)


def test_without_an_expected_time_the_study_says_the_number_of_frames():
    assert (Jobs().frames_per_shard(400), Jobs().label_runtime()) == (400, 720)


def test_nothing_of_it_reaches_the_settings_of_a_job():
    study = Study(name="study", jobs=Jobs(gpus=1, label_ranks=48, minutes_per_label=8))
    assert section_text(study, "jobs") == section_text(Study(name="study"), "jobs") == '{"jobs":{}}'
