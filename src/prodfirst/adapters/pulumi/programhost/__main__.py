"""`python -m programhost CHANNEL_FD EVENT_FIFO ROOT MODE`; MODE is `run` or `empty`."""

import sys

from .serve import main

main(sys.argv[1:])
