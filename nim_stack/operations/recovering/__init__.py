"""After an engine that was killed: what the state does not know is asked from the cluster, and written into the state.

The engine notes in `pending_operations` what it begins, and in `resources` what ended. Killed in between, it knows a
create by its note only: the next `up` meets an object that exists, a `destroy` forgets it.

It may use `observing`. It writes into the state of a stack, and nowhere else.
"""
