/** Finds who pays for a traced call, from the attributes of its span, its ancestors and its process. */

import { isLimited } from "../../../domain/key/key.ts";
import type { Principal } from "../../caller/principal.ts";
import type { Attributes, TelemetryFormat, TelemetryRules } from "../../port/telemetry.ts";
import {
  dimensions,
  type Attribution,
  type AttributionKey,
  type Dimension,
} from "../../../domain/attribution/attribution.ts";
import { checkTagName, checkValue } from "../../../domain/attribution/value.ts";
import { PurserError } from "../../../domain/error.ts";

export interface AttributionRules {
  readonly rules: Pick<TelemetryRules, "attribution">;
  /** Of the format. */
  readonly usual: TelemetryFormat["attribution"];
}

/** The prefix of attributes that set a dimension by its name, or a tag. */
const own = "purser.";
const ownTag = "purser.tag.";

/**
 * An attribute such as `purser.team` is a request, and is checked as one. Other attributes only fill
 * in what they can: a value that the key does not let the caller set, or that is not a valid value,
 * is left out.
 *
 * @param sources The attributes that apply, the closest first.
 */
export function attributionOf(
  caller: Principal,
  { rules, usual }: AttributionRules,
  sources: readonly Attributes[],
): Attribution {
  const found = new Map<AttributionKey, string>();
  const add = (key: AttributionKey, value: string | undefined): void => {
    if (value !== undefined && !found.has(key)) found.set(key, value);
  };
  for (const source of sources)
    for (const [name, value] of source) {
      const key = ownKeyOf(name);
      if (key !== undefined) add(key, value);
    }
  const mapped = usual.filter(([name]) => !rules.attribution.has(name));
  for (const [name, key] of [...rules.attribution, ...mapped]) {
    if (key === "none") continue;
    for (const source of sources) {
      const value = source.get(name);
      if (value !== undefined && isUsable(value, { name, key, caller })) add(key, value);
    }
  }
  return toAttribution(found);
}

function ownKeyOf(name: string): AttributionKey | undefined {
  if (name.startsWith(ownTag)) return `tag:${name.slice(ownTag.length)}`;
  return name.startsWith(own)
    ? dimensions.find((dimension) => dimension === name.slice(own.length))
    : undefined;
}

interface Use {
  readonly name: string;
  readonly key: AttributionKey;
  readonly caller: Principal;
}

function isUsable(value: string, { name, key, caller }: Use): boolean {
  // Set by SDKs for a service without a name.
  if (name === "service.name" && value.startsWith("unknown_service")) return false;
  return isValid(value, key) && maySet(caller, key);
}

function maySet({ key: of }: Principal, key: AttributionKey): boolean {
  if (!isLimited(of)) return true;
  if (!key.startsWith("tag:"))
    return (
      of.mayRefine.includes(key as Dimension) && of.attribution[key as Dimension] === undefined
    );
  return of.mayRefine.includes("tags") && !Object.hasOwn(of.attribution.tags ?? {}, key.slice(4));
}

function isValid(value: string, key: AttributionKey): boolean {
  try {
    checkValue(value, key);
    if (key.startsWith("tag:")) checkTagName(key.slice(4), key);
    return true;
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return false;
  }
}

function toAttribution(found: ReadonlyMap<AttributionKey, string>): Attribution {
  const tags = [...found].filter(([key]) => key.startsWith("tag:"));
  const values = [...found].filter(([key]) => !key.startsWith("tag:"));
  return {
    ...(Object.fromEntries(values) as Attribution),
    ...(tags.length > 0 && {
      tags: Object.fromEntries(tags.map(([key, value]) => [key.slice(4), value])),
    }),
  };
}
