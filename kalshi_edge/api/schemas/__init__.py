"""The one source of the API's shapes: the OpenAPI document and the dashboard's types come from it.

Money is a string of dollars, an instant ISO 8601 in UTC, a bare number carries its unit in its
name; a probability is a number from 0 to 1.
"""
