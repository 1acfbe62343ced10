# The explorer: structures found as one page. Not part of `all`, as the report is not, which shows it.
EXPLORER = [f"{RESULTS}/explorer.html"] if PATHS.searched else []
STABLE = [path for path in PATHS.phases if Path(path).stem == "stability"]


rule report_explorer:
    input:
        tables=PATHS.searches("unique.csv"),
        structures=PATHS.searches("unique.extxyz"),
        names=f"{RESULTS}/search/names.csv",
        known=f"{RESULTS}/search/known.csv",
        found=f"{RESULTS}/search/found.csv",
        stability=STABLE,
    output:
        page=report(
            f"{RESULTS}/explorer.html",
            caption="../report/report_explorer.rst",
            category="2. Figures",
            labels={"Figure": "9", "Shows": "The explorer: structures found, to be sorted, clicked and turned"},
        ),
    log:
        log("report_explorer"),
    benchmark:
        cost("report_explorer")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        *code("report_explorer"),
        settings=settings(
            "substance",
            "substance.name",
            "name",
            "purpose",
            "reference.name",
            pressures_GPa=PATHS.searched,
            polymorphs=polymorph_table(STUDY, "title"),
        ),
        stability=repeated("--stability", STABLE),
        packages=packages("matplotlib", "pymatgen-core", "spglib"),
    message:
        "Writing the explorer of the structures found"
    shell:
        program(
            "report_explorer",
            "{input.tables} --names {input.names} --known {input.known} --found {input.found} {params.stability} "
            "--out {output.page}",
        )
