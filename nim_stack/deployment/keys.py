"""Which keys a deployment is given: the one value that says so, from the stack file to the last manifest."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    """The keys that are given to a stack, never their values.

    A Secret that exists already and is named by `nim.secrets` is no key of the stack.
    """

    ngc: bool = False
    """Whether there is an NGC API key: for the images of nvcr.io and for models under `ngc://`."""
    hub: bool = False
    """Whether there is a token of the Hugging Face hub, for models that are gated."""
    pull: bool | None = None
    """Whether pods are given a pull Secret; None: they are if there is an NGC API key, of which it is made."""

    @property
    def pulls(self) -> bool:
        """Whether pods can pull images that need an NGC API key."""
        return self.ngc if self.pull is None else self.pull


NO_KEY = Keys()
EVERY_KEY = Keys(ngc=True, hub=True)
"""For a question that is not about keys, such as whether a model fits: no rule then objects to a missing key."""
