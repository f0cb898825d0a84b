"""The National Blend of Models' text bulletins: what each product says of a day's maximum."""
