# melt2crystal: does a machine-learning potential that has seen only the melt know the crystals?
# This file is the table of contents. Settings: config/. One stage, one file: rules/.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/liquid.smk"
include: "rules/label.smk"
include: "rules/train.smk"
include: "rules/explore.smk"
include: "rules/release.smk"
include: "rules/benchmark.smk"
include: "rules/search.smk"
include: "rules/figures.smk"


# One target for each part of the paper.
rule all:
    localrule: True
    default_target: True
    input:
        rules.potentials.input,
        rules.figures.input,
        f"{RESULTS}/summary.json",
        f"{RESULTS}/summary.md",
