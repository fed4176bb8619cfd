"""The command line: `python -m hexjobs` and the `hexjobs` script."""


def main() -> None:
    """Run the command line."""
