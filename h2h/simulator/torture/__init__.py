"""A whole house in a world made of one seed: the real pipeline, journal, ledger and folders, and every fault.

`world.play` plays one schedule; `campaign` plays many, and makes a failing one small. Nothing of h2h at work knows it.
"""
