"""What every room uses: names, types of documents, quantities, problems, text for people and without keys, HTTP.

It may use nothing of this package. Names of Kubernetes objects are in `names`, and nowhere else.
"""
