"""The decisions: state machines and values, fed with events, which answer with actions.

Pure: no process, no socket, no file, no clock of their own. It may use `contract` and, of `system`, text alone.
"""
