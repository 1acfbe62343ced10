"""The jobs of a study as plain data; Snakemake itself is imported in ``snakemake_plan`` alone."""
