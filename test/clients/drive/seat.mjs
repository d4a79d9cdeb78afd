/** Where a client's user sits: drives the client through its scenes, and prints what that user sees, one JSON line a scene. */

/**
 * @typedef {object} Scene How one call is made: where, with which key and words.
 * @property {string} url Of the gateway.
 * @property {string} key
 * @property {string} prompt
 * @property {string} model
 * @typedef {object} Seen What the user sees of it.
 * @property {string} text
 * @property {string[]} tools Names of the tools that were called, with their arguments.
 * @property {string | null} finish The reason for the end, in the client's words.
 */

/** The one tool that is offered. */
export const weather = {
  name: "weather",
  description: "The weather in a city.",
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

/**
 * @param {(scene: Scene & { withTool: boolean }, seen: Seen) => Promise<void>} play Makes one call, and notes what comes as it comes: what
 *   was seen before an error counts too.
 */
export async function takeSeat(play) {
  const { url, model, scenes } = JSON.parse(process.env["SETTING"] ?? "{}");
  for (const { name, key, prompt, withTool } of scenes) {
    const seen = { text: "", tools: [], finish: null };
    const beganAt = performance.now();
    let error = null;
    try {
      await play({ url, key, prompt, model, withTool }, seen);
    } catch (thrown) {
      error = describe(thrown);
    }
    process.stdout.write(`${JSON.stringify({ scene: name, ...seen, error, ms: Math.round(performance.now() - beganAt) })}\n`);
  }
}

/** Its type and message, as the user's log would have them. */
function describe(error) {
  if (!(error instanceof Error)) return { type: typeof error, message: typeof error === "string" ? error : JSON.stringify(error) };
  return { type: error.constructor.name, status: error.status ?? error.statusCode ?? null, message: error.message };
}
