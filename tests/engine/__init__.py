"""Tests of the Kubernetes resource plugin as the product relies on it: its answers, and its work under the engine."""
