import os

from hypothesis import settings

pytest_plugins = ["tests.harness.fixtures"]

# Time limits of single examples fail on a busy machine without anything being wrong.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
