"""Measures of the program against its peers, on this machine, in one run. `python -m benchmarks [NAME …]`."""
