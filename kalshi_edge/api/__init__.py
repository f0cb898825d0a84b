"""REST and live WebSocket over a running trader: reads what it knows, wishes in its loop."""
