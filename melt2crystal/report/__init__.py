"""What is handed on: pages of the report, versions, the exported study."""
