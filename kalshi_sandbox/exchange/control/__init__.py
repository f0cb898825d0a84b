"""What only a sandbox has: faults and incidents on demand."""
