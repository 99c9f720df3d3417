"""Tests of the stand-in plugin: against recordings, and under the real engine in the lab."""
