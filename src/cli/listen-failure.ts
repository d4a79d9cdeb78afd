/** Explains why a server cannot listen on its address. */

import { nextPort } from "../domain/input/port.ts";
import { ApiProblem } from "./failure.ts";
import { isPurser } from "./connection.ts";

export interface ListenWords {
  /** `serve` or `simulate`. */
  readonly command: string;
  /** The option or configuration field that set the host. */
  readonly hostField: string;
}

/** @returns The original error if it has another cause. */
export async function listenFailure(error: unknown, words: ListenWords): Promise<unknown> {
  const fault = faultOf(error);
  if (fault?.code === "EADDRINUSE") return portTaken(fault, words);
  if (fault?.syscall === "getaddrinfo")
    return hostUnusable(`unknown host ${fault.hostname}`, fault, words);
  if (fault?.code === "EADDRNOTAVAIL")
    return hostUnusable(`this machine does not have the address ${fault.address}`, fault, words);
  if (fault?.code === "EACCES") return portForbidden(fault, words);
  return error;
}

/** A system error as reported by Node. */
interface Fault {
  readonly code: string;
  readonly syscall: "listen" | "getaddrinfo";
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
}

function faultOf(error: unknown): Fault | undefined {
  const isFault =
    error instanceof Error &&
    "code" in error &&
    "syscall" in error &&
    /^(listen|getaddrinfo)$/.test(String(error.syscall));
  return isFault ? (error as unknown as Fault) : undefined;
}

async function portTaken(
  { address = "127.0.0.1", port = 0 }: Fault,
  { command }: ListenWords,
): Promise<ApiProblem> {
  return problem({
    code: "port_in_use",
    message: `port ${port} is in use by ${await portHolder(address, port)}`,
    field: "--port",
    remedy: `Stop it, or choose another port: \`purser ${command} --port ${nextPort(port)}\` (0 chooses any free port).`,
  });
}

/** The program that listens on a port. */
export async function portHolder(
  host: string,
  port: number,
): Promise<"another Purser" | "another program"> {
  const name = host.includes(":") ? `[${host}]` : host;
  return (await isPurser(`http://${name}:${port}`)) ? "another Purser" : "another program";
}

function portForbidden({ code, port = 0 }: Fault, { command }: ListenWords): ApiProblem {
  const remedy = `Choose a port of 1024 or above: \`purser ${command} --port 8080\`.`;
  return problem({
    code,
    message: `this user may not listen on port ${port}`,
    field: "--port",
    remedy,
  });
}

function hostUnusable(message: string, { code }: Fault, { hostField }: ListenWords): ApiProblem {
  const remedy =
    "Give an address of this machine: 127.0.0.1 for local clients only, 0.0.0.0 for all.";
  return problem({ code, message, field: hostField, remedy });
}

function problem(facts: {
  readonly code: string;
  readonly message: string;
  readonly field: string;
  readonly remedy: string;
}): ApiProblem {
  return new ApiProblem({ status: 500, ...facts });
}
