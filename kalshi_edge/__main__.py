"""``python -m kalshi_edge``: the command line."""

from kalshi_edge.cli.main import main

if __name__ == "__main__":
    main()
