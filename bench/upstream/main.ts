/**
 * The upstream process: a stub provider with fixed latency and constant answers, much faster than
 * any gateway under test.
 */

import { createServer, type AddressInfo } from "node:net";
import { newState, UpstreamConnection, type UpstreamState } from "./connection.ts";
import type { UpstreamCount, UpstreamSetting } from "./setting.ts";

const state: UpstreamState = newState({ delayMs: 0, streamTokens: 20, gapMs: 0 });
const server = createServer({ noDelay: true }, (socket) => new UpstreamConnection(socket, state));

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });

process.on("message", (question: UpstreamSetting | { readonly port: true }) => {
  if ("port" in question) {
    if (server.listening) tellPort();
    else server.once("listening", tellPort);
    return;
  }
  const { whole, streams, left } = state;
  Object.assign(state, newState(question));
  process.send?.({ whole, streams, left } satisfies UpstreamCount);
});

function tellPort(): void {
  process.send?.({ port: (server.address() as AddressInfo).port });
}

process.on("disconnect", () => process.exit());
