/** Serves `/`: how to connect to this server, as a page for browsers and as JSON for programs. */

import type { Readiness } from "./context.ts";
import { escapeHtml, htmlPage } from "./html.ts";

/** The current state of the process. */
export interface Front {
  readonly version: string;
  readonly readiness: Readiness;
  /** The origin of this server, as the client wrote it. */
  readonly origin: string;
}

interface Connection {
  readonly sdk: string;
  readonly path: string;
}

/** Base URLs of the official SDKs, for models of every provider. */
const connections: readonly Connection[] = [
  { sdk: "OpenAI", path: "/v1" },
  { sdk: "Anthropic", path: "" },
  { sdk: "Google", path: "" },
];

export function frontJson({ version, readiness, origin }: Front): unknown {
  return {
    name: "Purser",
    description: what,
    version,
    ready: readiness.ready,
    base_urls: Object.fromEntries(
      connections.map(({ sdk, path }) => [sdk.toLowerCase(), `${origin}${path}`]),
    ),
    docs: `${origin}/docs`,
    openapi: `${origin}/openapi.json`,
  };
}

export function frontPage({ version, readiness, origin }: Front): string {
  const rows = connections.map(
    ({ sdk, path }) => `<dt>${sdk} SDK</dt><dd><code>${escapeHtml(`${origin}${path}`)}</code></dd>`,
  );
  const body = `<h1>Purser ${escapeHtml(version)}</h1>
<p>${what}</p>
<p>${readiness.ready ? "It accepts calls." : `It does not accept calls: ${escapeHtml(readiness.reasons.join("; "))}.`}</p>
<h2>Connect an agent</h2>
<p>Give its SDK a Purser key as the API key, and one of these addresses as the base URL:</p>
<dl>
${rows.join("\n")}
</dl>
<p>Models are named <code>provider/model</code>, such as <code>sim/sim-small</code> of the built-in simulator:</p>
<pre><code>curl ${escapeHtml(origin)}/v1/chat/completions \\
  -H "Authorization: Bearer $PURSER_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "sim/sim-small", "messages": [{"role": "user", "content": "Hello"}]}'</code></pre>
<h2>More</h2>
<nav><ul>
<li><a href="/docs">control plane reference</a></li>
<li><a href="/openapi.json">OpenAPI document</a></li>
<li><a href="/healthz">health</a></li>
<li><a href="/readyz">readiness</a></li>
</ul></nav>`;
  return htmlPage({ title: "Purser", body });
}

const what =
  "Purser keeps the purse of AI agents: it meters, prices and budgets their model calls and records each of them.";

/** Whether a client prefers HTML to JSON, as browsers do. `*` alone does not. */
export function wantsPage(accept: string | undefined): boolean {
  const types = (accept ?? "")
    .toLowerCase()
    .split(",")
    .map((type) => type.split(";")[0]?.trim());
  const page = types.indexOf("text/html");
  const json = types.indexOf("application/json");
  return page >= 0 && (json < 0 || page < json);
}
