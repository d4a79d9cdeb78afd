/** Lists the headers in which clients of any vendor send a credential or an account. */

/**
 * Every format has all of them, since vendors also serve each other's formats under their own
 * accounts. Sources: the vendors' SDKs and documentation, read 2026-11-28.
 */
export const accountHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "x-goog-api-key",
  "api-key",
  "openai-organization",
  "openai-project",
  "chatgpt-account-id",
  "x-goog-user-project",
]);
