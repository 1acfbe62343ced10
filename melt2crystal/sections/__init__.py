"""Pydantic models of a study's sections, one file a topic, so that an edit touches only the rules that use it."""
