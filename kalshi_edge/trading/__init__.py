"""From beliefs and books to orders: edge, size, risk, execution."""
