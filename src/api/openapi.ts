/** Generates the OpenAPI 3.1 document from the schemas that validate requests. */

import { z } from "zod";
import { problem, type ResponseSpecification, type Route } from "./route.ts";

type Json = Record<string, unknown>;

/** @param version Purser's version. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "Purser control plane",
      version,
      description:
        "Budgets, keys, holds and figures. JSON in snake_case, money as decimal strings, times as RFC 3339, errors as problem+json.",
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        purserKey: { type: "apiKey", in: "header", name: "x-purser-key" },
      },
    },
  };
}

function operation(route: Route, schemas: Json): Json {
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.access === "public"
      ? { security: [] }
      : { security: [{ bearer: [] }, { apiKey: [] }, { purserKey: [] }], "x-roles": route.access }),
    parameters: [
      ...parameters(route.params, "path", schemas),
      ...parameters(route.query, "query", schemas),
    ],
    ...(route.body && {
      requestBody: {
        required: !route.body.safeParse(undefined).success,
        content: { "application/json": { schema: schemaOf(route.body, "input", schemas) } },
      },
    }),
    ...(route.accepts && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          Object.entries(route.accepts).map(([type, schema]) => [type, { schema }]),
        ),
      },
    }),
    responses: responses(route, schemas),
  };
}

/** `post /api/v1/holds/{operation_id}/settle` becomes `post_holds_operation_id_settle`. */
function operationId({ method, path }: Route): string {
  const words = path.replace("/api/v1", "").replaceAll(/[{}]/g, "").split(/[/-]/).filter(Boolean);
  return [method, ...words].join("_");
}

function parameters(
  schema: z.ZodType | undefined,
  place: "path" | "query",
  schemas: Json,
): readonly Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input", schemas) as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...shape } = property;
    return {
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description !== undefined && { description }),
      schema: shape,
    };
  });
}

function responses(route: Route, schemas: Json): Json {
  const usual: Record<number, ResponseSpecification> = {
    400: problem("A field is invalid, unknown or repeated."),
    500: problem("A bug in Purser."),
  };
  if (route.body) usual[413] = problem("The body is too large.");
  if (route.access !== "public") {
    usual[401] = problem("No key, or a key that is not live.");
    usual[403] = problem("The key may not do this.");
    usual[503] = problem(
      "The ledger is not available, or the process is shutting down: see `Retry-After`.",
    );
  }
  const all = { ...usual, ...route.responses };
  return Object.fromEntries(
    Object.entries(all).map(([status, specification]) => [
      status,
      response(specification, schemas),
    ]),
  );
}

function response({ description, schema, mediaType }: ResponseSpecification, schemas: Json): Json {
  const type = mediaType ?? "application/json";
  return {
    description,
    content: {
      [type]: { schema: schema ? schemaOf(schema, "output", schemas) : { type: "string" } },
    },
  };
}

/** A schema with its named parts moved to the document's components, and references to them. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Json): Json {
  const {
    $schema: _dialect,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json & { $defs?: Json };
  for (const [name, definition] of Object.entries($defs))
    schemas[name] ??= pointToComponents(definition);
  const { id } = own;
  const shape = pointToComponents(own) as Json;
  if (typeof id !== "string") return shape;
  schemas[id] ??= shape;
  return { $ref: `#/components/schemas/${id}` };
}

function pointToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointToComponents);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name, inner]) => !(name === "id" && typeof inner === "string"))
    .map(([name, inner]): [string, unknown] => {
      if (name === "$ref" && typeof inner === "string")
        return [name, inner.replace("#/$defs/", "#/components/schemas/")];
      return [name, pointToComponents(inner)];
    });
  return Object.fromEntries(entries);
}
