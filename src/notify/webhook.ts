/** Notifies a program over HTTP: the event as it is, signed. */

import type { Clock } from "../app/port/clock.ts";
import type { Notifier } from "../app/port/notifier.ts";
import type { WebhookTarget } from "../app/port/notifier-settings.ts";
import type { HttpSender } from "./http.ts";
import { sign } from "./signature.ts";

export interface WebhookParts {
  readonly name: string;
  readonly sender: HttpSender;
  readonly clock: Pick<Clock, "now">;
}

/** Each attempt is signed anew: its time is that of the attempt. */
export function makeWebhook(
  { url, secrets }: WebhookTarget,
  { name, sender, clock }: WebhookParts,
): Notifier {
  return {
    name,
    kind: "webhook",
    send: (event, signal) => {
      const body = JSON.stringify(event);
      const headers = {
        "content-type": "application/cloudevents+json",
        "purser-signature": sign(body, { secrets, at: clock.now() }),
      };
      return sender.post(url, { headers, body }, signal);
    },
  };
}
