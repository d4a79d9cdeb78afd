/** Classifies the paths of Anthropic's API. */

import type { Endpoint } from "../wire.ts";

const unknown: Endpoint = { name: "unknown", metering: "unmetered" };

/**
 * A batch is billed when it has run, long after its request, and its results contain the usage of
 * many messages. Text completions (`/v1/complete`) have no usage. Both, and all unknown paths, are
 * unmetered.
 *
 * @param path With or without a query string.
 */
export function anthropicEndpoint(method: string, path: string): Endpoint {
  const place = (path.split("?")[0] ?? "").replace(/\/+$/, "");
  if (method === "POST" && place === "/v1/messages")
    return { name: "messages", metering: "metered" };
  if (method === "POST" && place === "/v1/messages/count_tokens")
    return { name: "count_tokens", metering: "free" };
  if (method === "GET" && /^\/v1\/models(\/[^/]+)*$/.test(place))
    return { name: "models", metering: "free" };
  if (/^\/v1\/messages\/batches(\/|$)/.test(place))
    return { name: "batches", metering: "unmetered" };
  return place === "/v1/complete" ? { name: "complete", metering: "unmetered" } : unknown;
}
