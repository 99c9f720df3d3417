"""Words that every room speaks: names, quantities, problems, text for people.

It may use nothing of this package. Names of Kubernetes objects are in `names`, and nowhere else.
"""
