"""From what the engine knows to the API's shapes. Nothing here decides or computes afresh."""
