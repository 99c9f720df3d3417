"""Serve the stand-in: the argument is the engine's address, the first line of output the port."""

import contextlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from lab.standin.provider import StandIn

no_limit = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]  # CRDs are megabytes
server = grpc.server(ThreadPoolExecutor(256), options=no_limit)  # a waiting resource holds a thread; Cancel needs one
add_ResourceProviderServicer_to_server(StandIn(sys.argv[1]), server)
port, engine = server.add_insecure_port("127.0.0.1:0"), os.getppid()
server.start()
with contextlib.suppress(KeyboardInterrupt):  # how the engine asks a plugin to end; it allows one second
    print(port, flush=True)
    while os.getppid() == engine:
        time.sleep(1)
os._exit(0)
