"""The one project of the FastAPI application, known to the server and to its load."""

PROJECT_ID = "665f1c2e9b1d8a4e7c3f0a12"
PROJECT_KEY = "pr_benchmarkbenchmarkbench"
SECRET_KEY = "pr_sk_benchmarkbenchmarkbenchmarkbenchmarkbe"
