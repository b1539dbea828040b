"""Reports: submit, list, triage. One store for every dialect."""
