"""Other models than the NBM, as their texts, tables and files have them."""
