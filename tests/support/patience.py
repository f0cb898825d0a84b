"""How long tests wait for what is sure to come: against hanging only, never what is tested.

A machine with ten times as many processes as cores must not reach it. What is tested of time goes
by a loop of the test's own (``patient_time``, ``tests/simulation/virtual_loop.py``).
"""

PATIENCE_S = 240.0
"""For one step, as an answer or the start of a process; a test has ``timeout`` of pyproject."""
