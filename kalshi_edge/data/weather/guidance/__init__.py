"""What other models than the NBM say of a day's maximum: MOS, LAMP, and model output at a point."""
