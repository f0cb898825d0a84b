"""What a ladder offers beside its single bins: brackets, the whole ladder, longshots."""
