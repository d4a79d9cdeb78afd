/** Drives a client through its scenes, and prints what its user sees, one JSON line per scene. */

/**
 * @typedef {object} Scene How to make one call: URL, key and prompt.
 * @property {string} url The gateway's URL.
 * @property {string} key
 * @property {string} prompt
 * @property {string} model
 * @typedef {object} Seen What the user sees.
 * @property {string} text
 * @property {string[]} tools The called tools, with their arguments.
 * @property {string | null} finish The finish reason as the client reports it.
 */

/** The only tool offered. */
export const weather = {
  name: "weather",
  description: "The weather in a city.",
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

/**
 * @param {(scene: Scene & { withTool: boolean }, seen: Seen) => Promise<void>} play Makes one call,
 *   and notes what comes as it comes: what
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
    process.stdout.write(
      `${JSON.stringify({ scene: name, ...seen, error, ms: Math.round(performance.now() - beganAt) })}\n`,
    );
  }
}

/** The error's type and message, as they would appear in the user's log. */
function describe(error) {
  if (!(error instanceof Error))
    return {
      type: typeof error,
      message: typeof error === "string" ? error : JSON.stringify(error),
    };
  return {
    type: error.constructor.name,
    status: error.status ?? error.statusCode ?? null,
    message: error.message,
  };
}
