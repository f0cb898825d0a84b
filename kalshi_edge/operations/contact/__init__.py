"""First contact: every source asked once, its answers held against what the code assumes."""
