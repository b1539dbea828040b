"""Passwords of tests, hashed in a millisecond: argon2 takes a fifth of a second and 64 MiB on purpose."""

from argon2 import PasswordHasher

from backroom.accounts import passwords


def hash_quickly() -> None:
    """Lets this process, and those that it forks, spend as little on a password as argon2 allows."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
