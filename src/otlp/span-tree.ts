/** Finds the model calls in a batch of spans: the innermost ones, with what they are part of. */

import type { Attributes, Observed } from "../app/port/telemetry.ts";
import { attempt } from "./attempt.ts";
import { operationOf } from "./operation.ts";
import { callOfSpan, hasUsage, nameOfSpan } from "./span-call.ts";
import type { Span } from "./telemetry.ts";

export function callsInSpans(spans: readonly Span[]): readonly Observed[] {
  const tree = new SpanTree(spans);
  return spans.flatMap((span) => {
    if (tree.isAroundCall(span)) return [];
    const call = attempt(() => callOfSpan(span));
    const attributes = [...tree.lineage(span), span.resource];
    return call === null ? [] : [{ label: nameOfSpan(span), items: 1, call, attributes }];
  });
}

/** The spans of a batch with their parents, as far as these are in the same batch. */
class SpanTree {
  readonly #spans: ReadonlyMap<string, Span>;
  /** Model calls with a model call inside them, such as a framework's span around a client's. */
  readonly #around = new Set<Span>();

  constructor(spans: readonly Span[]) {
    this.#spans = new Map(spans.map((span) => [nameOf(span.traceId, span.spanId), span]));
    for (const span of spans)
      if (isCall(span)) for (const ancestor of this.#ancestors(span)) this.#around.add(ancestor);
  }

  isAroundCall(span: Span): boolean {
    return this.#around.has(span);
  }

  /** The attributes of a span and its ancestors, the closest first. */
  lineage(span: Span): readonly Attributes[] {
    return [span, ...this.#ancestors(span)].map(({ attributes }) => attributes);
  }

  #ancestors(span: Span): readonly Span[] {
    const ancestors = new Set<Span>();
    let at = this.#parentOf(span);
    while (at && at !== span && !ancestors.has(at) && ancestors.size < mostAncestors) {
      ancestors.add(at);
      at = this.#parentOf(at);
    }
    return [...ancestors];
  }

  #parentOf({ traceId, parentSpanId }: Span): Span | undefined {
    return parentSpanId === null ? undefined : this.#spans.get(nameOf(traceId, parentSpanId));
  }
}

/** Deeper traces are not followed to their root. */
const mostAncestors = 64;

function isCall({ attributes }: Span): boolean {
  const operation = operationOf(attributes);
  return operation !== "around" && operation !== "unknown" && hasUsage(attributes);
}

function nameOf(traceId: string, spanId: string): string {
  return `${traceId}-${spanId}`;
}
