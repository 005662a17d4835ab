"""``python -m tiankong``."""

from tiankong.cli.main import main

if __name__ == "__main__":
    main()
