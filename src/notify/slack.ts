/** Messages of Slack's incoming webhooks, in its mrkdwn. */

import { type ChatFormat, linkLabel } from "./chat.ts";

/** https://docs.slack.dev/messaging/formatting-message-text (read 2026-11-29). */
export const slack: ChatFormat = {
  escape,
  /** Of the text of a section. */
  mostCharacters: 3000,
  body: ({ text, link }) => {
    const line = link === null ? text : `${text}\n<${escape(link)}|${linkLabel}>`;
    // `text` is what notifications show; `verbatim` links no names and addresses in it.
    const section = { type: "section", text: { type: "mrkdwn", text: line, verbatim: true } };
    return { text, blocks: [section] };
  },
};

/** Without <, nobody is mentioned and nothing is linked. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
