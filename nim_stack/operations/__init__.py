"""Looking at a running deployment, and mending a state: one folder for each question that an operator has.

It may use every room below it, and no Pulumi resource. `observing` reads a cluster; `diagnosis`, `doctor` and `impact`
judge what was read; `recovering` alone writes, into the state of a stack.
"""
