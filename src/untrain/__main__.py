"""`python -m untrain`."""

import sys

from untrain.cli.main import main

sys.exit(main())
