import os

from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

from tests.harness.processes import PATIENCE

pytest_plugins = ["tests.harness.fixtures"]

# httpx waits five seconds for an answer, which a busy machine may need more than.
DEFAULT_TIMEOUT_CONFIG.connect = DEFAULT_TIMEOUT_CONFIG.read = PATIENCE
DEFAULT_TIMEOUT_CONFIG.write = DEFAULT_TIMEOUT_CONFIG.pool = PATIENCE

# Time limits of single examples fail on a busy machine without anything being wrong.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
