"""The long matrices: what takes longer than a test may, row by row against the lab. `make prove` runs them.

A folder is a matrix, a parametrized test of it is a row, and what a row measured is kept in evidence/<folder>.json.
`matrices.py` says which paths a matrix is about; a row whose paths have changed since is open, and is run again.
Rows of several matrices share `provoke.py`, `examined.py` and `requests.py`. Rows may use `lab` and `nim_stack`; the
files that judge evidence (`history.py`, `code_form.py`, `judging.py`, `evidence.py`, `conftest.py`) use neither.
"""
