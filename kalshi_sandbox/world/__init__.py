"""The weather that the sandbox makes up: a pure function of a seed, a station and an instant."""
