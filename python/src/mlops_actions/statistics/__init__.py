"""Statistics of metrics and decisions: pure functions on counts and arrays, with numpy alone.

Import from the modules: what the gate needs (estimate, families, contrasts, budget, metrics) loads no numpy.
"""
