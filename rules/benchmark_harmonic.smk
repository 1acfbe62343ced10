# Benchmark: harmonic spectra from displaced supercells, HP beside the reference (after benchmark.smk; off by default).


rule benchmark_supercells:
    input:
        structures=f"{RESULTS}/benchmark/structures.extxyz",
    output:
        requested=f"{RESULTS}/label/harmonic/requested.extxyz",
    log:
        log("benchmark_supercells"),
    benchmark:
        cost("benchmark_supercells")
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    params:
        *code("benchmark_supercells"),
        settings=settings("benchmark.harmonic", polymorphs=HARMONIC),
        packages=packages("phonopy", "spglib"),
    message:
        "Displacing atoms for the harmonic spectra"
    shell:
        "python scripts/benchmark_supercells.py --structures {input.structures} --out {output.requested} "
        "--settings {params.settings:q} > {log} 2>&1"


rule benchmark_harmonic:
    input:
        models=lambda wildcards: released_models("hp") if wildcards.potential == "hp" else [],
        structures=f"{RESULTS}/benchmark/structures.extxyz",
        requested=f"{RESULTS}/label/harmonic/requested.extxyz",
        labels=lambda wildcards: f"{RESULTS}/label/harmonic/labels.extxyz" if wildcards.potential == "reference" else [],
    output:
        spectra=f"{RESULTS}/benchmark/harmonic/{{potential}}.csv",
        states=f"{RESULTS}/benchmark/harmonic/{{potential}}.states.csv",
    log:
        log("benchmark_harmonic", "{potential}"),
    benchmark:
        cost("benchmark_harmonic", "{potential}")
    wildcard_constraints:
        potential="hp|reference",
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
    params:
        *code("benchmark_harmonic"),
        settings=settings("benchmark.harmonic", "benchmark.vdos", "substance", polymorphs=HARMONIC),
        labels=lambda wildcards: "--labels" if wildcards.potential == "reference" else "",
        packages=lambda wildcards: packages("phonopy", "spglib", *(MODELS if wildcards.potential == "hp" else [])),
    message:
        "Harmonic spectra with {wildcards.potential}"
    shell:
        "python scripts/benchmark_harmonic.py {input.models} {params.labels} {input.labels} "
        "--structures {input.structures} --requested {input.requested} --spectra {output.spectra} "
        "--states {output.states} --settings {params.settings:q} > {log} 2>&1"


rule benchmark_harmonic_overlaps:
    input:
        hp=f"{RESULTS}/benchmark/harmonic/hp.csv",
        reference=f"{RESULTS}/benchmark/harmonic/reference.csv",
        walks=spectra(),
    output:
        table=f"{RESULTS}/benchmark/harmonic/overlaps.csv",
    log:
        log("benchmark_harmonic_overlaps"),
    benchmark:
        cost("benchmark_harmonic_overlaps")
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("benchmark_harmonic_overlaps"),
        settings=settings("benchmark.vdos.resolution_THz", polymorphs=HARMONIC),
    message:
        "Comparing the harmonic spectra"
    shell:
        "python scripts/benchmark_harmonic_overlaps.py {input.walks} --hp {input.hp} --reference {input.reference} "
        "--out {output.table} --settings {params.settings:q} > {log} 2>&1"


rule figure_harmonic:
    input:
        hp=f"{RESULTS}/benchmark/harmonic/hp.csv",
        reference=f"{RESULTS}/benchmark/harmonic/reference.csv",
        walks=spectra(),
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_harmonic']}.pdf",
        png=picture("figure_harmonic"),
    log:
        log("figure_harmonic"),
    benchmark:
        cost("figure_harmonic")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_harmonic"),
        settings=style(polymorphs={name: polymorphs_for_figures("title")[name] for name in HARMONIC}),
        packages=packages("matplotlib"),
    message:
        "Drawing the harmonic spectra"
    shell:
        "python scripts/figure_harmonic.py {input.walks} --hp {input.hp} --reference {input.reference} "
        "--pdf {output.pdf} --png {output.png} --settings {params.settings:q} > {log} 2>&1"
