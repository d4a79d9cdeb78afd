/** `GET /v1/models`: what the unified paths can be asked for, in the shape of OpenAI's list. */

import type { ServerResponse } from "node:http";

export interface ServedModel {
  /** The name to ask for: `PROVIDER/MODEL`, or an alias. */
  readonly id: string;
  readonly ownedBy: string;
}

export function answerModels(response: ServerResponse, models: readonly ServedModel[]): void {
  const data = models.map(({ id, ownedBy }) => ({ id, object: "model", created: 0, owned_by: ownedBy }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data }));
}
