"""The kinds of values that a setting can have.

It may use `base`. It knows no setting: what a value is for is said in `settings`.
"""
