"""Tests of the durable store, and the fixtures by which the core's tests get one."""
