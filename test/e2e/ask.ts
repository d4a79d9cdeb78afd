/** Sends plain requests to a gateway and parses the answers. */

import type { GatewayProcess } from "./process.ts";

export interface Answer {
  readonly status: number;
  /** Of an error; else empty. */
  readonly message: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Asking {
  readonly gateway: Pick<GatewayProcess, "url">;
  readonly key: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @param line Method and path: `GET /v1/models`. */
export async function ask(
  line: string,
  { gateway, key, body = "{}", headers }: Asking,
): Promise<Answer> {
  const [method = "", path = ""] = line.split(" ");
  const all = { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers };
  const answer = await fetch(gateway.url + path, {
    method,
    headers: all,
    ...(method === "POST" && { body }),
  });
  const json = JSON.parse(await answer.text()) as Record<string, unknown>;
  return {
    status: answer.status,
    message: (json["error"] as { message?: string } | undefined)?.message ?? "",
    body: json,
  };
}

/** Which format an error is in. */
export function formatOf({ body }: Answer): "openai" | "anthropic" | "gemini" {
  const error = body["error"] as Record<string, unknown>;
  if (body["type"] === "error") return "anthropic";
  return typeof error["status"] === "string" ? "gemini" : "openai";
}
