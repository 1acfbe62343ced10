# Summary: every result in one JSON file and one readable page.


rule summary:
    input:
        manifests=dataset_manifests,
        selections=selection_tables,
        relaxed=collect(
            f"{RESULTS}/search/p{{p}}/z{{z}}/structures.csv",
            p=([f"{p:g}" for p in STUDY.search.pressures_GPa] if STUDY.search.enabled else []),
            z=[] if FOUND_BEFORE else STUDY.search.formula_units,
        ),
        kept=found_by_pressure("relaxed.csv") if FOUND_BEFORE else [],
        unique=found_by_pressure("unique.csv") if STUDY.search.enabled else [],
        found=f"{RESULTS}/search/found.csv" if STUDY.search.enabled else [],
        hp=f"{RESULTS}/train/hp/heldout.json",
        lp=f"{RESULTS}/train/lp/heldout.json",
        certificate=f"{RESULTS}/liquid/certificate.csv",
        curves=ENERGY_VOLUME,
        overlaps=(f"{RESULTS}/benchmark/vdos/overlaps.csv" if STUDY.benchmark.vdos.enabled else []),
    output:
        json=f"{RESULTS}/summary.json",
        text=f"{RESULTS}/summary.md",
    log:
        log("summary"),
    benchmark:
        cost("summary")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("summary"),
        settings=SETTINGS_OF_SUMMARY,
        costs=f"{RESULTS}/benchmarks",
        found="--found" if STUDY.search.enabled else "",
        overlaps="--overlaps" if STUDY.benchmark.vdos.enabled else "",
    message:
        "Writing the summary"
    shell:
        "python scripts/summary.py {input.manifests} {input.selections} {input.relaxed} {input.kept} {input.unique} "
        "{params.found} {input.found} {params.overlaps} {input.overlaps} --hp {input.hp} --lp {input.lp} "
        "{input.curves} --certificate {input.certificate} "
        "--costs {params.costs} --out {output.json} --text {output.text} --settings {params.settings:q} > {log} 2>&1"
