"""The store in DynamoDB: tables, items, the client and the store itself."""
