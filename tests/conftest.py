import functools

from httpx._config import DEFAULT_TIMEOUT_CONFIG
from httpx._transports import default as transports
from httpx2._transports import default as transports_of_mcp
from hypothesis import settings

from tests.harness.hashing import hash_quickly
from tests.harness.processes import PATIENCE
from tests.harness.randomness import FIXED

pytest_plugins = ["tests.harness.fixtures"]

# httpx waits five seconds for an answer, which a busy machine may need more than.
DEFAULT_TIMEOUT_CONFIG.connect = DEFAULT_TIMEOUT_CONFIG.read = PATIENCE
DEFAULT_TIMEOUT_CONFIG.write = DEFAULT_TIMEOUT_CONFIG.pool = PATIENCE

# To read the certificates of the internet's authorities takes 50 ms, which every client would do anew.
for module in (transports, transports_of_mcp):
    module.create_ssl_context = functools.cache(module.create_ssl_context)  # type: ignore[attr-defined]

hash_quickly()
settings.load_profile(FIXED)
