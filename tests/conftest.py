"""What every test shares: one deterministic hypothesis profile."""

import hypothesis

# The same examples on every machine and every run; no deadline, since a busy machine is not a failure.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None, max_examples=100)
hypothesis.settings.load_profile("suite")
