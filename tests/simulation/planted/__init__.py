"""Bugs of the kind that cost money, planted into the running program: the campaign must see them.

Each replaces one rule of the real code by what a hurried programmer might have written, and says
whenever the planted code did something else than the real one would have: only then had it its
chance.
"""
