"""`python -m nim_stack.cli`, the same as the command `nim-stack`."""

import sys

from nim_stack.cli.main import main

sys.exit(main())
