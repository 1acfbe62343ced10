# The summary: every result in one JSON file and one readable page. And the report: pages of tables, the figure of the workflow,
# configuration and versions; not part of `all`: `make report`.
REPORTED = f"{RESULTS}/report"
PROVENANCE = f"{RESULTS}/provenance"
WHOLE_STUDY = to_text(STUDY.model_dump(mode="json"))
SUMMARISED = [
    "substance",
    "grid",
    "liquid",
    "certificate",
    "reference",
    "label",
    "train",
    "explore",
    "select",
    "release",
]
SETTINGS_OF_SUMMARY = settings(
    *SUMMARISED,
    *("name", "purpose", "substance.name", "reference.name", "benchmark", "search", "seed"),
    melts_from=list(STUDY.liquid.frames or []),
    found_in=PATHS.found_earlier,
    trained_elsewhere=PATHS.trained_elsewhere,
)
# Figures carry the digest of summary.json. They take it from here: as a parameter, any setting would draw them all again.
os.environ.update(MELT2CRYSTAL_SETTINGS_DIGEST=hashlib.sha256(SETTINGS_OF_SUMMARY.encode()).hexdigest())


# page -> the files it is made from; a function, if decisions of the loop must be asked; nothing, if the study has no such page
SOURCES = {
    "summary": f"{RESULTS}/summary.md",
    "lp": f"{RESULTS}/models/lp/card.md" if STUDY.release.lp.enabled else None,
    "hp": f"{RESULTS}/models/hp/card.md",
    "walks": None if STUDY.liquid.frames else f"{RESULTS}/liquid/walks.csv",
    "melts": f"{RESULTS}/liquid/frames.csv" if STUDY.liquid.frames else None,
    "certificate": f"{RESULTS}/liquid/certificate.csv",
    "labels": lambda wildcards: PATHS.label_tables(len(iterations_done())),
    "heldout": [f"{RESULTS}/train/{name}/heldout.json" for name in reversed(STUDY.potentials)],
    "selection": selection_tables if STUDY.rounds else None,
    "fits": PATHS.energy_volume and f"{RESULTS}/benchmark/fits.csv",
    "errors": PATHS.energy_volume[:1],
    "relaxed": PATHS.relaxed_crystals[:1],
    "overlaps": PATHS.overlaps if len(PATHS.spectra_of) == 2 else None,
    "harmonic": HARMONIC and f"{RESULTS}/benchmark/harmonic/overlaps.csv",
    "found": PATHS.searched and f"{RESULTS}/search/found.csv",
    **{Path(path).stem: path for path in PATHS.phases},
    "kept": PATHS.searches("relaxed.csv") if PATHS.found_earlier else None,
    "study": f"{PROVENANCE}/study.yaml",
    "versions": f"{PROVENANCE}/versions.csv",
    "origins": f"{PROVENANCE}/figures.csv",
}
PAGES = {name: SOURCES[name] for name in CONTENTS if SOURCES.get(name)}


rule report_summary:
    input:
        manifests=lambda wildcards: PATHS.manifests(int(final_iteration())),
        selections=selection_tables,
        labels=lambda wildcards: PATHS.label_tables(len(iterations_done())),
        audits=lambda wildcards: PATHS.audits(iterations_done(), "audit.json"),
        relaxed=collect(
            f"{RESULTS}/search/p{{p}}/{{part}}/structures.csv",
            p=PATHS.searched,
            part=SEARCHES,
        ),
        kept=PATHS.searches("relaxed.csv") if PATHS.found_earlier else [],
        unique=PATHS.searches("unique.csv"),
        found=f"{RESULTS}/search/found.csv" if STUDY.search.enabled else [],
        phases=PATHS.phases,
        heldout=[f"{RESULTS}/train/{name}/heldout.json" for name in reversed(STUDY.potentials)],
        certificate=f"{RESULTS}/liquid/certificate.csv",
        curves=PATHS.energy_volume,
        crystals=PATHS.relaxed_crystals,
        overlaps=PATHS.overlaps,
    output:
        json=f"{RESULTS}/summary.json",
        text=f"{RESULTS}/summary.md",
    log:
        log("report_summary"),
    benchmark:
        cost("report_summary")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_summary"),
        settings=SETTINGS_OF_SUMMARY,
        costs=f"{RESULTS}/benchmarks",
        found=["--found"] if STUDY.search.enabled else [],
        overlaps=["--overlaps"] if STUDY.benchmark.vdos.enabled else [],
    message:
        "Writing the summary"
    shell:
        program(
            "report_summary",
            "{input.manifests} {input.selections} {input.audits} {input.labels} {input.relaxed} {input.kept} {input.unique} {params.found} "
            "{input.found} {input.phases} {params.overlaps} {input.overlaps} {input.heldout} {input.curves} "
            "{input.crystals} --certificate {input.certificate} --costs {params.costs} --out {output.json} "
            "--text {output.text}",
        )


rule report_pages:
    input:
        rules.all.input,
        [f"{REPORTED}/{page}.html" for page in PAGES],
        [f"{PROVENANCE}/dag-wide.svg", *EXPLORER],
    localrule: True


rule report_tables:
    input:
        **PAGES,
    output:
        **{page: reported(page) for page in PAGES},
    log:
        log("report_tables"),
    benchmark:
        cost("report_tables")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_tables"),
        settings=settings("name", "purpose", "reference.name"),
        sources=page_sources,
    message:
        "Writing the tables of the report"
    shell:
        program("report_tables", "--beside {output.summary} {params.sources}")


rule report_provenance:
    input:
        lock=of_clone("envs/requirements.txt"),
        reference=f"{RESULTS}/label/reference.json",
        figures=[*PATHS.figures(), *(f"{RESULTS}/liquid/liquid.{kind}" for kind in ("pdf", "png"))],
    output:
        study=f"{PROVENANCE}/study.yaml",
        versions=f"{PROVENANCE}/versions.csv",
        figures=f"{PROVENANCE}/figures.csv",
    log:
        log("report_provenance"),
    benchmark:
        cost("report_provenance")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_provenance"),
        study=WHOLE_STUDY,
    message:
        "Writing configuration, versions and origins"
    shell:
        program(
            "report_provenance",
            "{input.figures} --lock {input.lock} --reference {input.reference} --study {output.study} "
            "--versions {output.versions} --origins {output.figures} --settings {params.study}",
            settings=False,
        )


rule report_dag:
    input:
        tools=of_clone(
            *code_inputs(Path("melt2crystal/commands/dag.py"), ROOT, IMPORTS), "melt2crystal/jobs/snakemake_plan.py"
        ),
        rules=of_clone(
            "Snakefile", "rules/stages.yaml", *sorted(f"rules/{path.name}" for path in ROOT.glob("rules/*.smk"))
        ),
    output:
        wide=report(
            f"{PROVENANCE}/dag-wide.svg",
            caption="../report/report_dag.rst",
            category="4. Provenance",
            labels={"No.": "0", "What": "The workflow, drawn from its jobs"},
        ),
        rest=[
            f"{PROVENANCE}/{name}"
            for name in ("dag-wide.pdf", "dag-wide.png", "dag.svg", "dag.pdf", "dag.png", "dag.mmd")
        ],
    log:
        log("report_dag"),
    benchmark:
        cost("report_dag")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_dag"),
        study=WHOLE_STUDY,
        packages=packages("matplotlib"),
    message:
        "Drawing the workflow"
    shell:
        program("report_dag", "--wide {output.wide} --settings {params.study}", settings=False)
