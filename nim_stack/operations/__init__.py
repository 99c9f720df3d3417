"""Looking at a running deployment, and mending a state: one folder for each question that an operator has.

It may use every room below it, and no Pulumi resource. `cluster` is the connection, `observing` reads
through it; `diagnosis`, `doctor` and `impact` judge what was read; `recovering` alone writes, into a stack's state.
"""
