# melt2crystal: does a machine-learning potential that has seen only the melt know the crystals?
# This file is the table of contents. Settings: config/. One stage, one file: rules/.
import os

from snakemake.utils import min_version

min_version("9.0")


container: "envs/melt2crystal.sif"


# the project's own, or else the clone's
configfile: "config/config.yaml" if os.path.exists("config/config.yaml") else f"{workflow.basedir}/config/config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/needs.smk"
include: "rules/run.smk"
include: "rules/liquid_given.smk" if STUDY.liquid.frames else "rules/liquid.smk"
include: "rules/label.smk"
include: "rules/train.smk"
include: "rules/train_given.smk"
include: "rules/explore.smk"
include: "rules/benchmark.smk"
include: "rules/relaxed.smk"
include: "rules/vibrations.smk"
include: "rules/melt.smk"
include: "rules/searches.smk"
include: "rules/search_uspex.smk"
include: "rules/search.smk"
include: "rules/search_phases.smk"
include: "rules/figures.smk"
include: "rules/figures_benchmark.smk"
include: "rules/figures_loop.smk"
include: "rules/figures_search.smk"
include: "rules/report_explorer.smk"


# One target for each part of the paper: `snakemake potentials`, `snakemake benchmark`, ...
rule potentials:
    input:
        f"{RESULTS}/liquid/liquid.png",
        expand(f"{RESULTS}/models/{{potential}}/card.md", potential=STUDY.potentials),
    localrule: True


rule benchmark:
    input:
        PATHS.energy_volume,
        PATHS.relaxed_crystals,
        PATHS.overlaps,
        f"{RESULTS}/benchmark/harmonic/overlaps.csv" if HARMONIC else [],
        PATHS.melts_compared,
    localrule: True


rule search:
    input:
        f"{RESULTS}/search/found.csv" if STUDY.search.enabled else [],
        PATHS.phases,
    localrule: True


rule all:
    default_target: True
    input:
        rules.potentials.input,
        rules.benchmark.input,
        rules.search.input,
        rules.figures.input,
        f"{RESULTS}/summary.json",
        f"{RESULTS}/summary.md",
    localrule: True


include: "rules/report.smk"  # after `all`, whose files the report shows
