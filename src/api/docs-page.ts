/** Renders the OpenAPI document as a page: operations, then schemas, then error codes. */

import { fieldList, fieldsOf, objectOf, schemaAnchor, typeText, type Json } from "./docs-schema.ts";
import { escapeHtml, htmlPage, prose } from "./html.ts";
import { problems } from "./problem.ts";

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly facts: Json;
}

/** @param document As served at `/openapi.json`. */
export function docsPage(document: Json): string {
  const version = String(objectOf(document["info"])["version"]);
  const tags = [...Map.groupBy(operationsOf(document), ({ facts }) => String(tagOf(facts)))];
  const schemas = Object.entries(objectOf(objectOf(document["components"])["schemas"]));
  const sections = tags.map(
    ([tag, members]) =>
      `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>\n${members.map((one) => operationText(one, Object.fromEntries(schemas))).join("\n")}`,
  );
  const body = `<h1>Purser ${escapeHtml(version)}: control plane</h1>
<p>Send a key as <code>Authorization: Bearer KEY</code>, <code>x-api-key</code> or <code>x-purser-key</code>. Bodies and answers are JSON,
money is a decimal string in USD, times are RFC 3339, errors are problem+json. For programs: <a href="/openapi.json">/openapi.json</a>.</p>
<nav><ul>
${[...tags.map(([tag]) => tag), "schemas", "errors"].map((name) => `<li><a href="#${escapeHtml(name)}">${escapeHtml(name)}</a></li>`).join("\n")}
</ul></nav>
${sections.join("\n")}
<h2 id="schemas">schemas</h2>
${schemas.map(([name, schema]) => schemaText(name, objectOf(schema))).join("\n")}
<h2 id="errors">errors</h2>
<dl>
${Object.entries(problems)
  .map(
    ([code, { status, title }]) =>
      `<dt id="${code}"><code>${code}</code></dt><dd><span class="faint">${status}</span> ${prose(title)}</dd>`,
  )
  .join("\n")}
</dl>`;
  return htmlPage({ title: `Purser ${version}: control plane`, body });
}

function operationsOf(document: Json): readonly Operation[] {
  return Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).map(([method, facts]) => ({
      method,
      path,
      facts: objectOf(facts),
    })),
  );
}

function tagOf(facts: Json): unknown {
  return Array.isArray(facts["tags"]) ? facts["tags"][0] : "other";
}

function operationText({ method, path, facts }: Operation, schemas: Json): string {
  const roles = Array.isArray(facts["x-roles"])
    ? `keys with the role ${facts["x-roles"].join(", ")}`
    : "no key needed";
  const { description } = facts;
  return `<section id="${escapeHtml(String(facts["operationId"]))}">
<h3><code><span class="method">${method.toUpperCase()}</span>${escapeHtml(path)}</code></h3>
<p>${prose(String(facts["summary"]))}. <span class="faint">${escapeHtml(roles)}</span></p>
${typeof description === "string" ? `<p>${prose(description)}</p>` : ""}
${parametersText(facts)}${bodyText(facts, schemas)}${answersText(facts)}</section>`;
}

function parametersText(facts: Json): string {
  const parameters = Array.isArray(facts["parameters"]) ? facts["parameters"].map(objectOf) : [];
  return ["path", "query"]
    .map((place) => {
      const fields = parameters
        .filter((parameter) => parameter["in"] === place)
        .map(({ name, schema, required, description }) => ({
          name: String(name),
          required: required === true,
          schema: { ...objectOf(schema), ...(description === undefined ? {} : { description }) },
        }));
      return fields.length === 0 ? "" : `<h4>In the ${place}</h4>\n${fieldList(fields)}\n`;
    })
    .join("");
}

/** Lists the fields, also of a body with a named schema. */
function bodyText(facts: Json, schemas: Json): string {
  const schema = contentOf(objectOf(facts["requestBody"]))?.schema;
  if (!schema) return "";
  const name = String(schema["$ref"]).replace("#/components/schemas/", "");
  const fields = fieldList(fieldsOf(name in schemas ? objectOf(schemas[name]) : schema));
  return `<h4>Body</h4>\n${fields === "" ? `<p>${typeText(schema)}</p>` : fields}\n`;
}

function answersText(facts: Json): string {
  const rows = Object.entries(objectOf(facts["responses"])).map(([status, value]) => {
    const response = objectOf(value);
    const content = contentOf(response);
    const shape =
      content === null
        ? ""
        : content.mediaType.includes("json")
          ? typeText(content.schema)
          : escapeHtml(content.mediaType);
    return `<dt><code>${escapeHtml(status)}</code></dt><dd>${prose(String(response["description"]))} <span class="faint">${shape}</span></dd>`;
  });
  return `<h4>Answers</h4>\n<dl>\n${rows.join("\n")}\n</dl>\n`;
}

interface Content {
  readonly mediaType: string;
  readonly schema: Json;
}

function contentOf(holder: Json): Content | null {
  const [first] = Object.entries(objectOf(holder["content"]));
  return first ? { mediaType: first[0], schema: objectOf(objectOf(first[1])["schema"]) } : null;
}

function schemaText(name: string, schema: Json): string {
  const { description } = schema;
  const fields = fieldList(fieldsOf(schema));
  return `<section id="${escapeHtml(schemaAnchor(name))}">
<h3><code>${escapeHtml(name)}</code></h3>
${typeof description === "string" ? `<p>${prose(description)}</p>` : ""}
${fields === "" ? `<p>${typeText(schema)}</p>` : fields}
</section>`;
}
