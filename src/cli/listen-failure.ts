/** What to say when a server cannot listen where it was told to. */

import { nextPort } from "../domain/input/port.ts";
import { ApiProblem } from "./failure.ts";
import { isPurser } from "./connection.ts";

export interface ListenWords {
  /** `serve` or `simulate`. */
  readonly command: string;
  /** Where the host was asked for: an option, or a field of the configuration. */
  readonly hostField: string;
}

/** @returns The error itself where it is about something else. */
export async function listenFailure(error: unknown, words: ListenWords): Promise<unknown> {
  const fault = faultOf(error);
  if (fault?.code === "EADDRINUSE") return portTaken(fault, words);
  if (fault?.syscall === "getaddrinfo")
    return hostUnusable(`the host ${fault.hostname} is not known`, fault, words);
  if (fault?.code === "EADDRNOTAVAIL")
    return hostUnusable(`this machine does not have the address ${fault.address}`, fault, words);
  if (fault?.code === "EACCES") return portForbidden(fault, words);
  return error;
}

/** Of the system, as Node tells it. */
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
    remedy: `Stop it, or choose another port: \`purser ${command} --port ${nextPort(port)}\` (0 takes any that is free).`,
  });
}

/** Who listens on a port, as far as it answers. */
export async function portHolder(
  host: string,
  port: number,
): Promise<"another Purser" | "another program"> {
  const name = host.includes(":") ? `[${host}]` : host;
  return (await isPurser(`http://${name}:${port}`)) ? "another Purser" : "another program";
}

function portForbidden({ code, port = 0 }: Fault, { command }: ListenWords): ApiProblem {
  const remedy = `Choose a port from 1024 on: \`purser ${command} --port 8080\`.`;
  return problem({
    code,
    message: `this user may not listen on port ${port}`,
    field: "--port",
    remedy,
  });
}

function hostUnusable(message: string, { code }: Fault, { hostField }: ListenWords): ApiProblem {
  const remedy =
    "Give an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 for all that can reach it.";
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
