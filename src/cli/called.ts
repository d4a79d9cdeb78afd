/** How to write commands in texts: as the user must type them here. */

/** A checkout runs the TypeScript sources; the installed package has JavaScript. */
export const inCheckout = import.meta.url.endsWith(".ts");

/** The prefix of every command: in a checkout, `purser` is not on the path. */
export const purser = inCheckout ? "npm run -s purser --" : "purser";

/** Rewrites the commands in a sentence for this installation. */
export function asCalled(text: string): string {
  return text.replaceAll("`purser ", `\`${purser} `);
}
