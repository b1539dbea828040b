"""The inbox and a report: reading, sorting, exporting."""
