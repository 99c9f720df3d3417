"""How a role ends: asked to, or because something failed that only a fresh group can mend."""


class GroupFailedError(Exception):
    """This pod can no longer serve in its group; the message says why, and the exit code is not 0."""


class StoppedError(Exception):
    """Somebody asked this pod to stop while it was busy; the exit code is 0."""
