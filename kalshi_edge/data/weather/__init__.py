"""Weather offices' texts and the stations they speak of."""
