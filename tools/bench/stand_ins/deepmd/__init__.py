"""DeePMD-kit without TensorFlow: commands and models that answer at once."""
