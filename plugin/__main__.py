"""What `runtime: python` runs."""

from nim_stack.components.languages.provider import main

if __name__ == "__main__":
    main()
