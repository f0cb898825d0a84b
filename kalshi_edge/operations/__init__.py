"""What an operator can start, one file each; nothing here prints."""
