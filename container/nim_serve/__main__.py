"""`python -m nim_serve ACTION …`: the same as the image's entrypoint."""

import sys

from nim_serve.cli import main

sys.exit(main())
