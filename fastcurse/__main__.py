"""``python -m fastcurse`` is the console command ``fastcurse``."""

from fastcurse.cli import main

if __name__ == "__main__":
    main()
