module nim-stack.dev/lab/toolchain/pause

go 1.26
