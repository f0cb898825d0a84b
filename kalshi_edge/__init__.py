"""An honest autonomous trader for Kalshi's daily-high-temperature markets."""
