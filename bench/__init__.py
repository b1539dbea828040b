"""Repeatable measurements of Backroom and of the peers it is compared with."""
