"""The sentences of the project's own programs that diagnosis reads, each got by running the code that writes it.

`stage` runs the open image's launcher without processes and keeps what it says; `writers` names what is said; the other
modules bring about each sentence.
"""
