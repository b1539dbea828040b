"""How much of what is random is tried: the same few examples in every `make test`, many others in `make test-more`."""

from hypothesis import settings

FIXED, MORE = "fixed", "more"

# Time limits of single examples fail on a busy machine without anything being wrong; what one run found must not
# change the next.
settings.register_profile(FIXED, deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile(MORE, deadline=None, database=None, print_blob=True, max_examples=1_000)


def times(examples: int) -> int:
    """So many examples in `make test`, ten times as many in `make test-more`."""
    return examples * settings().max_examples // 100
