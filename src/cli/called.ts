/** How commands are written in texts: as they are called here. */

/** The sources are run as they are; the installed package has JavaScript in their place. */
export const inCheckout = import.meta.url.endsWith(".ts");

/** How the command line is called here: in a checkout nothing is on the path. */
export const purser = inCheckout ? "npm run -s purser --" : "purser";

/** A sentence with its commands as they are called here. */
export function asCalled(text: string): string {
  return text.replaceAll("`purser ", `\`${purser} `);
}
