"""What entered the loop, as it entered it: written as it happens, read back as if it happened."""
