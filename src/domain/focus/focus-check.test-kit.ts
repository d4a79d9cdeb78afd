/**
 * Checks a FOCUS file against the rules of the specification that apply to charges of AI models:
 * presence, types, nulls, allowed values, and columns that depend on each other.
 */

const mandatory = [
  "BilledCost",
  "BillingAccountId",
  "BillingAccountName",
  "BillingCurrency",
  "BillingPeriodEnd",
  "BillingPeriodStart",
  "ChargeCategory",
  "ChargeClass",
  "ChargeDescription",
  "ChargePeriodEnd",
  "ChargePeriodStart",
  "ContractedCost",
  "EffectiveCost",
  "InvoiceIssuerName",
  "ListCost",
  "PricingQuantity",
  "PricingUnit",
  "ServiceCategory",
  "ServiceName",
] as const;

const mandatoryIn: Readonly<Record<string, readonly string[]>> = {
  "1.2": ["ProviderName", "PublisherName"],
  "1.4": ["ServiceProviderName", "HostProviderName"],
};
const absentIn: Readonly<Record<string, readonly string[]>> = {
  "1.2": ["ServiceProviderName", "HostProviderName"],
  "1.4": ["ProviderName", "PublisherName"],
};

const nullable = new Set(["BillingAccountName", "ChargeClass", "ChargeDescription"]);
/** A correction may leave them out. */
const nullableInCorrection = new Set(["PricingQuantity", "PricingUnit"]);
const decimals = [
  "BilledCost",
  "ContractedCost",
  "EffectiveCost",
  "ListCost",
  "PricingQuantity",
  "ConsumedQuantity",
  "ListUnitPrice",
  "ContractedUnitPrice",
];
const instants = ["BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"];
const allowed: Readonly<Record<string, readonly string[]>> = {
  BillingCurrency: ["USD"],
  ChargeCategory: ["Usage", "Purchase", "Tax", "Credit", "Adjustment"],
  ChargeClass: ["", "Correction"],
  ChargeFrequency: ["One-Time", "Recurring", "Usage-Based"],
  PricingCategory: ["Standard", "Dynamic", "Committed", "Other"],
  ServiceCategory: ["AI and Machine Learning", "Compute", "Other"],
  ServiceSubcategory: [
    "Generative AI",
    "Other (AI and Machine Learning)",
    "Other (Compute)",
    "Other (Other)",
  ],
};
/** Rows of usage need them. */
const priced = [
  "SkuId",
  "SkuPriceId",
  "PricingQuantity",
  "PricingUnit",
  "PricingCategory",
  "ContractedUnitPrice",
  "ListUnitPrice",
  "ConsumedQuantity",
  "ConsumedUnit",
];

/** Parses CSV (RFC 4180). */
export function readCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}

/** Rows by the names of their columns. */
export function readRecords(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = [], ...rows] = readCsv(text);
  return rows.map((row) =>
    Object.fromEntries(header.map((name, place) => [name, row[place] ?? ""])),
  );
}

/** @returns What breaks a rule; empty if the file conforms. */
export function focusViolations(text: string, version: "1.2" | "1.4"): readonly string[] {
  const [header = []] = readCsv(text);
  const wanted = [...mandatory, ...(mandatoryIn[version] ?? [])];
  return [
    ...wanted.filter((name) => !header.includes(name)).map((name) => `${name} is missing`),
    ...(absentIn[version] ?? [])
      .filter((name) => header.includes(name))
      .map((name) => `${name} is not a column of ${version}`),
    ...headerViolations(header),
    ...readRecords(text).flatMap((row, index) =>
      rowViolations(row, wanted).map((violation) => `row ${index + 1}: ${violation}`),
    ),
  ];
}

function headerViolations(header: readonly string[]): readonly string[] {
  const firstOwn = header.findIndex((name) => name.startsWith("x_"));
  return [
    ...header
      .filter(
        (name) => !/^(?:[A-Z][A-Za-z0-9]*|x_[A-Z][A-Za-z0-9]*)$/.test(name) || name.length > 50,
      )
      .map((name) => `${name} is not the name of a column`),
    ...(new Set(header).size === header.length ? [] : ["a column is repeated"]),
    ...(firstOwn >= 0 && header.slice(firstOwn).some((name) => !name.startsWith("x_"))
      ? ["own columns come last"]
      : []),
  ];
}

function rowViolations(
  row: Readonly<Record<string, string>>,
  wanted: readonly string[],
): readonly string[] {
  const value = (name: string): string => row[name] ?? "";
  const isCorrection = value("ChargeClass") === "Correction";
  const found: string[] = [];
  for (const name of wanted)
    if (
      value(name) === "" &&
      !nullable.has(name) &&
      !(isCorrection && nullableInCorrection.has(name))
    )
      found.push(`${name} is null`);
  for (const name of decimals)
    if (value(name) !== "" && !/^-?\d+(?:\.\d+)?$/.test(value(name)))
      found.push(`${name} ${value(name)} is not a decimal`);
  for (const name of instants)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value(name)))
      found.push(`${name} ${value(name)} is not a time`);
  for (const [name, values] of Object.entries(allowed))
    if (name in row && !values.includes(value(name))) found.push(`${name} ${value(name)}`);
  for (const name of ["SkuPriceDetails", "Tags"])
    if (value(name) !== "" && !isFlatObject(value(name)))
      found.push(`${name} is not a flat object`);
  if (value("ChargeCategory") === "Usage" && !isCorrection)
    for (const name of priced) if (value(name) === "") found.push(`${name} is null`);
  return [...found, ...dependent(row)];
}

function dependent(row: Readonly<Record<string, string>>): readonly string[] {
  const value = (name: string): string => row[name] ?? "";
  const found: string[] = [];
  for (const [price, cost] of [
    ["ListUnitPrice", "ListCost"],
    ["ContractedUnitPrice", "ContractedCost"],
  ] as const)
    if (
      value(price) === ""
        ? value("ChargeClass") !== "Correction"
        : scaled(value(price)) * scaled(value("PricingQuantity")) !== scaled(value(cost)) * scale
    )
      found.push(`${price} × PricingQuantity is not ${cost}`);
  const [, parent] = /^Other \((.*)\)$/.exec(value("ServiceSubcategory")) ?? [];
  if ((parent ?? "AI and Machine Learning") !== value("ServiceCategory"))
    found.push("ServiceSubcategory is not of its ServiceCategory");
  const [start, end] = [value("ChargePeriodStart"), value("ChargePeriodEnd")];
  if (!(start < end)) found.push("the charge period is empty");
  if (start < value("BillingPeriodStart") || end > value("BillingPeriodEnd"))
    found.push("the charge period is outside the billing period");
  for (const [quantity, unit] of [
    ["PricingQuantity", "PricingUnit"],
    ["ConsumedQuantity", "ConsumedUnit"],
  ] as const)
    if ((value(quantity) === "") !== (value(unit) === ""))
      found.push(`${quantity} without ${unit}, or the reverse`);
  for (const name of ["ListUnitPrice", "ContractedUnitPrice", "PricingQuantity"])
    if (value(name).startsWith("-")) found.push(`${name} is negative`);
  if (value("SkuPriceId") === "" && value("SkuPriceDetails") !== "")
    found.push("SkuPriceDetails without SkuPriceId");
  for (const key of Object.keys(JSON.parse(value("SkuPriceDetails") || "{}") as object))
    if (!key.startsWith("x_")) found.push(`SkuPriceDetails has ${key}`);
  return found;
}

function isFlatObject(text: string): boolean {
  const parsed: unknown = JSON.parse(text);
  return (
    typeof parsed === "object" &&
    parsed !== null &&
    !Array.isArray(parsed) &&
    Object.values(parsed).every((one) => typeof one !== "object" || one === null)
  );
}

const scale = 10n ** 24n;

/** A decimal as an integer of 10⁻²⁴. */
function scaled(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole || "0") * scale + BigInt(fraction.padEnd(24, "0"));
  return text.startsWith("-") ? 0n - value : value;
}
