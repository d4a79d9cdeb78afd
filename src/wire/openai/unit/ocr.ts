/** Bounds and reads the pages of a document from which text is read, in Mistral's format. */

import { openMeter } from "../../../domain/usage/open-meter.ts";
import type { BilledUnit } from "../../../domain/usage/billed-unit.ts";
import { toObject, type JsonObject } from "../../count/count.ts";
import type { RequestFacts } from "../../wire.ts";
import type { Bounds } from "./bounds.ts";
import type { Fields } from "./fields.ts";

const family = openMeter("pages");
const annotated = openMeter("annotated_pages");

/**
 * A document has at most 1,000 pages (https://docs.mistral.ai/capabilities/document_ai/basic_ocr,
 * FAQ, read 2026-11).
 */
const mostPages = 1000;

/** The formats by which a caller has the pages annotated (API reference of `POST /ocr`). */
const annotations = ["bbox_annotation_format", "document_annotation_format"];

/**
 * Pages that are annotated have a price of their own, in addition to that of reading them: a call
 * that annotates needs it.
 */
export function ocrBounds(fields: Fields): Bounds {
  const asked = pagesAsked(fields);
  const isImage = isOneImage(fields.json("document"));
  const count = isImage ? 1 : Math.min(asked ?? mostPages, mostPages);
  const annotates = annotations.some((name) => fields.has(name));
  return {
    unit: {
      ...pageUnit({ read: count, annotated: annotates ? count : null }),
      isExact: false,
      output: null,
      ...(asked === undefined &&
        !isImage && {
          toHoldLess:
            "Send `pages`, such as [0, 1]: without it, the 1000 pages that a document can have are held.",
        }),
    },
    maxOutputTokens: 0,
  };
}

/**
 * `usage_info.pages_processed`, and `pages_processed_annotation`: older versions of the API lack the
 * second one, and annotate the pages that they process
 * (https://docs.mistral.ai/api/endpoint/ocr, read 2026-11).
 */
export function pagesRead(
  answer: JsonObject | undefined,
  { unit }: RequestFacts,
): BilledUnit | undefined {
  const usage = toObject(answer?.["usage_info"]);
  const read = pageCount(usage?.["pages_processed"]);
  if (read === undefined) return undefined;
  const reported = pageCount(usage?.["pages_processed_annotation"]);
  if (unit?.family === annotated) return pageUnit({ read, annotated: reported ?? read });
  const pages = pageUnit({ read, annotated: null });
  // Nothing was asked to be annotated, so the pages are charged even if annotations have no price.
  const also = { meters: [annotated], family: annotated, count: reported ?? 0, mayBeFree: false };
  return reported ? { ...pages, also: [also] } : pages;
}

/** @param pages.annotated Null if none are: their price is then not needed. */
function pageUnit(pages: { readonly read: number; readonly annotated: number | null }): BilledUnit {
  const read = { meters: [family], family, count: pages.read };
  return pages.annotated === null
    ? read
    : {
        meters: [annotated],
        family: annotated,
        count: pages.annotated,
        also: [{ ...read, mayBeFree: false }],
      };
}

/** The pages of a list that is longer than a document are not read: it is held in full. */
function pagesAsked(fields: Fields): number | undefined {
  if ((fields.members("pages") ?? 0) > mostPages) return mostPages;
  const value = fields.json("pages") ?? fields.string("pages");
  if (typeof value === "string" && value.length > longestPages) return mostPages;
  return pagesIn(value);
}

/** Characters: more than a thousand ranges take. */
const longestPages = 32_768;

/**
 * Pages as numbers, ranges (`0-5`), or a list of either, in JSON or separated by commas.
 *
 * @returns undefined for anything else: every page may be read.
 */
function pagesIn(value: unknown): number | undefined {
  const parts =
    typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : [value];
  const counts = parts.map(pagesOfPart);
  return counts.length > 0 && counts.every((count) => count !== undefined)
    ? counts.reduce((sum, count) => sum + count, 0)
    : undefined;
}

function pagesOfPart(part: unknown): number | undefined {
  if (typeof part !== "number" && typeof part !== "string") return undefined;
  const [, first, last = first] = /^\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?$/.exec(String(part)) ?? [];
  const count = Number(last) - Number(first) + 1;
  return count >= 1 ? count : undefined;
}

/** The beginnings of PNG, JPEG and WebP in base64. Behind a link, anything may be found. */
const inlineImage = /^data:[^,]{0,100};base64,(?:iVBORw0KGgo|\/9j\/|UklGR)/;

function isOneImage(document: unknown): boolean {
  const given = toObject(document);
  if (given?.["type"] !== "image_url") return false;
  const image = given["image_url"];
  const url = toObject(image)?.["url"] ?? image;
  return typeof url === "string" && inlineImage.test(url);
}

/** More is a mistake, not a bill. */
const mostReported = 1_000_000;

function pageCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= mostReported
    ? value
    : undefined;
}
