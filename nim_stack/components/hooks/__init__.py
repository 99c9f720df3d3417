"""What is asked or done around one resource: before it is registered, or when the engine reports an error.

It may use what a component may use. A component uses a hook, never the other way round.
"""
