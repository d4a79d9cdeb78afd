/** Messages of Discord's webhooks, in its Markdown. */

import { shorten } from "../domain/input/shorten.ts";
import { type ChatFormat, linkLabel } from "./chat.ts";

/** https://discord.com/developers/docs/resources/webhook#execute-webhook (read 2026-11-29). */
export const discord: ChatFormat = {
  escape: (text) => text.replaceAll(/[\\*_~`|>#[\]()<@]/g, String.raw`\$&`),
  body: ({ text, link }) => {
    const short = shorten(text, mostCharacters);
    return {
      content: link === null ? short : `${short}\n[${linkLabel}](<${link}>)`,
      allowed_mentions: { parse: [] },
    };
  },
};

/** A message has up to 2,000, with the link. */
const mostCharacters = 1500;
