"""What settled days teach: calibrations, models, evidence."""
