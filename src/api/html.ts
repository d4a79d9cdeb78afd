/** Renders HTML pages in one style, and escapes text. */

export interface PageText {
  readonly title: string;
  /** Markup. */
  readonly body: string;
}

/** A complete document without scripts. Follows the reader's colour scheme and screen width. */
export function htmlPage({ title, body }: PageText): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Escapes a sentence and marks text in backticks as code. */
export function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

const style = `
:root { color-scheme: light dark; --text: #1c1c1e; --faint: #5c5c66; --back: #fff; --panel: #f5f5f7; --line: #d8d8de; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --text: #eaeaee; --faint: #a6a6b0; --back: #1a1a1d; --panel: #242429; --line: #3d3d45; --link: #8ab4f8; } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; color: var(--text); background: var(--back); overflow-wrap: anywhere }
a { color: var(--link) } h1 { font-size: 1.6rem; line-height: 1.25 } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) } h3 { margin: 0; font-size: 1rem; font-weight: 400 } h4 { margin: 1rem 0 .25rem; font-size: .9rem; color: var(--faint) }
code { font: .9em ui-monospace, Menlo, Consolas, monospace } pre { background: var(--panel); padding: .75rem; border-radius: 6px; white-space: pre-wrap }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem }
section { margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 6px }
section > p { margin: .25rem 0 }
.method { display: inline-block; min-width: 4rem; font-weight: 700 } .faint { color: var(--faint) }
dl { margin: 0; display: grid; grid-template-columns: minmax(9rem, 16rem) 1fr; gap: 0 1rem }
dt, dd { margin: 0; padding: .35rem 0; border-top: 1px solid var(--line) }
@media (max-width: 40rem) { dl { display: block } dd { border: 0; padding: 0 0 .5rem } dt { padding-bottom: 0 } }
`;
