/** A plain page of the routes and error codes, for people. */

import { problems } from "./problem.ts";
import type { Route } from "./route.ts";

export function docsPage(routes: readonly Route[], version: string): string {
  const tags = [...Map.groupBy(routes, ({ tag }) => tag)];
  const sections = tags.map(([tag, members]) => `<h2>${escape(tag)}</h2>\n<table>\n${members.map(routeRow).join("\n")}\n</table>`);
  const codes = Object.entries(problems).map(
    ([code, { status, title }]) => `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Purser ${escape(version)}: control plane</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1e; background: #fff }
table { border-collapse: collapse; width: 100% } td { padding: .35rem .5rem; border-bottom: 1px solid #ddd; vertical-align: top }
code { font-size: .9em } .method { font-weight: 600 } .note { color: #555 }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1c1c1e } td { border-color: #444 } .note { color: #aaa } a { color: #8ab4f8 } }
</style>
</head>
<body>
<h1>Purser ${escape(version)}: control plane</h1>
<p>Send a key as <code>Authorization: Bearer KEY</code>, <code>x-api-key</code> or <code>x-purser-key</code>. Money is a decimal string in USD,
times are RFC 3339, errors are problem+json. Every field stands in <a href="/openapi.json">/openapi.json</a>.</p>
${sections.join("\n")}
<h2>errors</h2>
<table>
${codes.join("\n")}
</table>
</body>
</html>
`;
}

function routeRow({ method, path, summary, description, access }: Route): string {
  const who = access === "public" ? "no key needed" : access.join(", ");
  const note = description === undefined ? "" : `<br><span class="note">${escape(description)}</span>`;
  return `<tr><td><code><span class="method">${method.toUpperCase()}</span> ${escape(path)}</code></td><td>${escape(summary)}${note}</td><td class="note">${who}</td></tr>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
