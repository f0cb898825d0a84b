"""The same loop on history, and its report."""
