/** Defines a route: its requests and answers, for validation, types and documentation. */

import type { z } from "zod";
import type { Principal } from "../app/caller/principal.ts";
import type { Json } from "../contract/json.ts";
import { problemSchema } from "../contract/problem.ts";
import type { Role } from "../domain/key/key.ts";
import type { ApiContext } from "./context.ts";
import { check } from "./validate.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Who may use a route: everyone, or keys with these roles. */
export type Access = "public" | readonly Role[];

export const adminOnly: Access = ["admin"];
export const readers: Access = ["reader", "admin"];
export const callers: Access = ["caller", "admin"];
export const anyKey: Access = ["caller", "reader", "admin"];

export interface Input<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  readonly caller: Principal;
  readonly context: ApiContext;
  /** As received; its body is read if the route has a schema of it. */
  readonly request: Request;
}

/** JSON, a text with its media type, or a finished answer such as a problem. */
export type Reply<Answer = unknown> =
  | { readonly status: number; readonly json: Answer }
  | { readonly status: number; readonly text: string; readonly mediaType: string }
  | Response;

export interface ResponseSpecification<Schema extends z.ZodType = z.ZodType> {
  readonly description: string;
  /** JSON of this shape; absent for text. */
  readonly schema?: Schema;
  readonly mediaType?: string;
}

type Responses = Readonly<Record<number, ResponseSpecification>>;

/** The JSON that a route may answer, by its specification. */
type AnswerOf<Specified extends Responses> = {
  [Status in keyof Specified]: Specified[Status] extends ResponseSpecification<infer Schema>
    ? Json<Schema>
    : never;
}[keyof Specified];

export interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Specified extends Responses,
> {
  readonly method: Method;
  /** With parameters in braces: `/api/v1/budgets/{budget_id}`. */
  readonly path: string;
  readonly access: Access;
  /** Whether the configuration makes the route public. */
  readonly isOpen?: (context: ApiContext) => boolean;
  /** Whether requests without a key are served too, as `public`. */
  readonly keyIsOptional?: boolean;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** A body that the handler reads itself: its JSON schema by media type. */
  readonly accepts?: Readonly<Record<string, object>>;
  /** Answers an error, if not as a problem. */
  readonly refuse?: (error: unknown, request: Request, context: ApiContext) => Promise<Response>;
  /** Default: a megabyte. */
  readonly mostBodyBytes?: number;
  readonly responses: Specified;
  readonly handler: (
    input: Input<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<AnswerOf<Specified>>> | Reply<AnswerOf<Specified>>;
}

/** A request before validation. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Headers;
  readonly caller: Principal;
  readonly context: ApiContext;
  readonly request: Request;
}

/** A route without its types: it validates a request, then handles it. */
export interface Route extends Omit<
  RouteDefinition<z.ZodType, z.ZodType, z.ZodType, Responses>,
  "handler"
> {
  handle(raw: RawInput): Promise<Reply>;
}

type NoFields = z.ZodType<Record<string, never>>;

/** Makes a route. Its handler receives only validated requests. */
export function route<
  Params extends z.ZodType = NoFields,
  Query extends z.ZodType = NoFields,
  Body extends z.ZodType = NoFields,
  Specified extends Responses = Responses,
>(definition: RouteDefinition<Params, Query, Body, Specified>): Route {
  const { handler, ...rest } = definition;
  return {
    ...rest,
    async handle(raw) {
      return handler({
        params: check(definition.params, raw.params),
        query: check(definition.query, raw.query),
        body: check(definition.body, raw.body),
        headers: raw.headers,
        caller: raw.caller,
        context: raw.context,
        request: raw.request,
      });
    },
  };
}

export function answer<Schema extends z.ZodType>(
  description: string,
  schema: Schema,
): ResponseSpecification<Schema> {
  return { description, schema };
}

export function problem(description: string): ResponseSpecification<typeof problemSchema> {
  return { description, schema: problemSchema, mediaType: "application/problem+json" };
}

export function ok<const Answer>(json: Answer): Reply<Answer> {
  return { status: 200, json };
}

export function created<const Answer>(json: Answer): Reply<Answer> {
  return { status: 201, json };
}
