import * as pulumi from "@pulumi/pulumi";
import { NimStack } from "nim-stack";

const config = new pulumi.Config();

// Plain values: they decide sizes. A setting that is misspelt here does not compile.
const chat = new NimStack("chat", {
    settings: {
        model: "llama-3.1-405b-instruct",
        nodes: 2,
        gpu: "h100",
        name: "chat",
        namespace: "chat",
        storage: { storageClass: config.require("storageClass") },
    },
    ngcApiKey: config.requireSecret("ngcApiKey"),
});

export const endpoint = chat.endpoint;
export const gpus = chat.gpus.total;
