# Figures of the active-learning loop; they wait for its last decision.


def learning_curves(wildcards):
    """Of every ensemble that was trained."""
    ensembles = [f"iteration-{number}" for number in iterations_done()] + ["lp", "hp"]
    return [f"{RESULTS}/train/{name}/{member}/lcurve.csv" for name in ensembles for member in members_of(name)]


def selection_tables(wildcards):
    return [f"{RESULTS}/select/{number}/table.csv" for number in iterations_done()]


rule figure_selection:
    input:
        code=code("figure_selection"),
        tables=selection_tables,
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_selection']}.pdf",
        png=picture("figure_selection", "Active learning"),
    log:
        log("figure_selection"),
    benchmark:
        cost("figure_selection")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=style(),
    shell:
        "python scripts/figure_selection.py {input.tables} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"


rule figure_learning:
    input:
        code=code("figure_learning"),
        curves=learning_curves,
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_learning']}.pdf",
        png=picture("figure_learning", "Active learning"),
    log:
        log("figure_learning"),
    benchmark:
        cost("figure_learning")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=style(),
    shell:
        "python scripts/figure_learning.py {input.curves} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"
