"""`python -m network_api`, the same as the command `network-api`."""

from network_api.cli import main

if __name__ == "__main__":
    main()
