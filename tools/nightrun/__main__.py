"""`python -m nightrun` is the same as the console command."""

from nightrun.cli import main

if __name__ == "__main__":
    main()
