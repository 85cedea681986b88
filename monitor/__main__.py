"""Lets `python -m monitor` stand for the `monitor` command."""

from monitor.cli.main import main

if __name__ == "__main__":
    main()
