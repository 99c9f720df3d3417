"""The policy pack's functions, on what nim_stack's manifests and other programs' objects look like to the engine."""
