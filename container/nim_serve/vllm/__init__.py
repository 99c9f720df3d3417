"""The vLLM server: how it is started, what it is asked while it serves, and what runs inside of it.

It may use `contract`, `system`, `decide`, `model` and `ray`.
"""
