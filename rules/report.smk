# The report: pages of tables, the figure of the workflow, configuration and versions. Not part of `all`: `make report`.


rule report_pages:
    input:
        rules.all.input,
        [f"{REPORTED}/{page}.html" for page in PAGES],
        f"{PROVENANCE}/dag-wide.svg",
    localrule: True


rule report_tables:
    input:
        **{page: source for page, (_, _, _, source) in PAGES.items()},
    output:
        **{page: reported(page) for page in PAGES},
    log:
        log("report_tables"),
    benchmark:
        cost("report_tables")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_tables"),
        settings=settings("name", "reference.name", titles={page: PAGES[page][2] for page in PAGES}),
    message:
        "Writing the tables of the report"
    shell:
        "python scripts/report_tables.py --folder $(dirname {output.summary}) --settings {params.settings:q} "
        + " ".join(f"--source '{page} {{input.{page}}}'" for page in PAGES)
        + " > {log} 2>&1"


rule report_provenance:
    input:
        lock="envs/requirements.txt",
        reference=f"{RESULTS}/label/reference.json",
        figures=all_figures(),
    output:
        study=f"{PROVENANCE}/study.yaml",
        versions=f"{PROVENANCE}/versions.csv",
        figures=f"{PROVENANCE}/figures.csv",
    log:
        log("report_provenance"),
    benchmark:
        cost("report_provenance")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_provenance"),
        study=WHOLE_STUDY,
    message:
        "Writing configuration, versions and origins"
    shell:
        "python scripts/report_provenance.py {input.figures} --lock {input.lock} --reference {input.reference} "
        "--study {output.study} --versions {output.versions} --origins {output.figures} "
        "--settings {params.study:q} > {log} 2>&1"


rule report_dag:
    input:
        tools=[*code_inputs(Path("melt2crystal/commands/dag.py"), ROOT, IMPORTS), "melt2crystal/jobs/snakemake_plan.py"],
        rules=["Snakefile", "rules/stages.yaml", *sorted(path.as_posix() for path in Path("rules").glob("*.smk"))],
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
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("report_dag"),
        study=WHOLE_STUDY,
    message:
        "Drawing the workflow"
    shell:
        "python scripts/report_dag.py --folder $(dirname {output.wide}) --settings {params.study:q} > {log} 2>&1"
