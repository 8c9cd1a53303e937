"""What comes back how soon, and how often it is started, when a part dies or hangs: real processes, real times."""
