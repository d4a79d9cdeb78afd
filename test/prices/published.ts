/** Finds the published price lists that the built-in list is made from: given files, or PyPI's newest. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { readPublished, type PublishedList } from "../../src/catalogue/source/source.ts";

/** The text of a list, and its release. */
export interface ListText {
  readonly text: string;
  readonly version: string;
}

export interface PublishedTexts {
  readonly genai: ListText;
  readonly litellm: ListText;
}

/**
 * `--genai FILE@VERSION --litellm FILE@VERSION`; what is not given is downloaded from PyPI, whose
 * wheels have the data.
 *
 * @param folder For downloads; the caller deletes it.
 */
export function publishedTexts(args: readonly string[], folder: string): PublishedTexts {
  const { values } = parseArgs({
    args: [...args],
    options: { genai: { type: "string" }, litellm: { type: "string" } },
  });
  return {
    genai: values.genai === undefined ? downloadGenai(folder) : readFileAt(values.genai),
    litellm: values.litellm === undefined ? downloadLitellm(folder) : readFileAt(values.litellm),
  };
}

export function readTexts({ genai, litellm }: PublishedTexts): {
  readonly genai: PublishedList;
  readonly litellm: PublishedList;
} {
  const at = Date.now();
  return {
    genai: readPublished(genai.text, { version: genai.version, at }),
    litellm: readPublished(litellm.text, { version: litellm.version, at }),
  };
}

function readFileAt(named: string): ListText {
  const at = named.lastIndexOf("@");
  if (at < 1) throw new Error(`${named}: write FILE@VERSION, such as data.json@0.2.3`);
  return { text: readFileSync(named.slice(0, at), "utf8"), version: named.slice(at + 1) };
}

function downloadGenai(folder: string): ListText {
  const { unpacked, version } = downloadWheel("genai-prices", folder);
  const script = path.join(import.meta.dirname, "genai_prices_json.py");
  const text = execFileSync("python3", [script, unpacked], {
    encoding: "utf8",
    maxBuffer: 50_000_000,
  });
  return { text, version };
}

function downloadLitellm(folder: string): ListText {
  const { unpacked, version } = downloadWheel("litellm", folder);
  const file = path.join(unpacked, "litellm", "model_prices_and_context_window_backup.json");
  return { text: readFileSync(file, "utf8"), version };
}

function downloadWheel(
  name: string,
  folder: string,
): { readonly unpacked: string; readonly version: string } {
  const into = path.join(folder, name);
  const unpacked = path.join(into, "unpacked");
  mkdirSync(unpacked, { recursive: true });
  const pip = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--only-binary=:all:",
    "--quiet",
    "--dest",
    into,
  ];
  execFileSync("python3", [...pip, name], { stdio: ["ignore", 2, 2] });
  const wheel = readdirSync(into).find((file) => file.endsWith(".whl")) ?? "";
  execFileSync("python3", ["-m", "zipfile", "-e", path.join(into, wheel), unpacked]);
  return { unpacked, version: wheel.split("-")[1] ?? "" };
}
