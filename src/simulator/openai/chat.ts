/** The endpoint `/v1/chat/completions`. */

import type { Format } from "../call.ts";
import { chatAnswer, chatIdPrefix } from "./chat-answer.ts";
import { readChat } from "./chat-request.ts";
import { chatStream } from "./chat-stream.ts";

export const chat: Format = {
  wire: "openai",
  endpoint: "chat",
  billed: true,
  read: readChat,
  answer: chatAnswer,
  stream: chatStream,
  idPrefix: chatIdPrefix,
};
