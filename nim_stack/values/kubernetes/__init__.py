"""What the API server refuses in an object whose fields are known and of the right types: words, ranges of numbers,
the spelling of names, and fields that do not go together.

Tables by field, `<type>.<field>`, and functions by type. They judge what is certain and the same in all versions of
Kubernetes that a stack may meet; what only some of them refuse is let through. It may use `base` alone.
"""

from nim_stack.values.kubernetes.field import Found, is_judged, is_quantity, needed, of_field
from nim_stack.values.kubernetes.together import of_object

__all__ = ["Found", "is_judged", "is_quantity", "needed", "of_field", "of_object"]
