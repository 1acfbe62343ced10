"""Reference engines behind one protocol: a configuration in, a label or the reason why there is none out."""
