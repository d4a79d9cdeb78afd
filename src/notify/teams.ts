/** Messages of the Workflows webhook of Microsoft Teams: an Adaptive Card. */

import { type ChatFormat, linkLabel } from "./chat.ts";

/** https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features (read 2026-11-29). */
export const teams: ChatFormat = {
  escape: (text) => text.replaceAll(/[\\*_[\]()`#]/g, String.raw`\$&`),
  /** A message has up to 28 KB, and a character up to 3 bytes. */
  mostCharacters: 7000,
  body: ({ text, link }) => ({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [{ type: "TextBlock", text, wrap: true }],
          actions: link === null ? [] : [{ type: "Action.OpenUrl", title: linkLabel, url: link }],
        },
      },
    ],
  }),
};
