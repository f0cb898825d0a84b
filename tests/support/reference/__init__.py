"""The reference pages that are made from the code: ``make reference`` writes them anew."""
