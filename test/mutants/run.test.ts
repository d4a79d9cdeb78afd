/**
 * Tests a mutation run on a small checkout: which tests run, what counts as killed, and the report.
 */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { outputOn } from "../../src/cli/terminal/screen.ts";
import { seeded } from "../simulation/random.ts";
import { baselineOf } from "./baseline.ts";
import { copyCheckout } from "./checkout.ts";
import { choose, share } from "./choose.ts";
import { examine, type Examination, type Laboratory } from "./examine.ts";
import { figuresOf } from "./figures.ts";
import { readImporters, testsOf } from "./importers.ts";
import type { Judged } from "./judged.ts";
import { mutant } from "./mutant.ts";
import { reportJson, writeReport } from "./report.ts";
import { findRooms } from "./room.ts";
import { trial } from "./trial.ts";

const runner = path.join(import.meta.dirname, "run-tests.ts");

const files = {
  "src/room/near.ts": "export const double = (a: number): number => a * 2;\n",
  "src/room/near.test.ts": testText({
    imports: "./near.ts",
    name: "double",
    claim: "near.double(3) === 6",
  }),
  "src/other/far.ts":
    'import { double } from "../room/near.ts";\nexport const ten = (): number => double(0) + 10;\n',
  "src/other/far.test.ts": testText({
    imports: "./far.ts",
    name: "ten",
    claim: "far.ten() === 10",
  }),
  "src/other/broken.test.ts": testText({
    imports: "./far.ts",
    name: "broken",
    claim: "far.ten() === 11",
  }),
  "src/other/typed.ts":
    'import type { double } from "../room/near.ts";\nexport type Double = typeof double;\n',
  "src/other/typed.test.ts": testText({ imports: "./typed.ts", name: "typed", claim: "typed" }),
} as const;

const root = makeRoot();
after(() => rmSync(root, { recursive: true }));

const mutants: readonly {
  readonly becomes: string;
  readonly fate: Examination["fate"];
  readonly why: string;
}[] = [
  { becomes: "a + 2", fate: "room", why: "a test of its folder fails" },
  { becomes: "a * 2 + (a === 0 ? 1 : 0)", fate: "wider", why: "only a test of an importer fails" },
  { becomes: "2 * a", fate: "survived", why: "no test fails" },
];

for (const { becomes, fate, why } of mutants) {
  test(`if ${why}, a mutant's fate is "${fate}"`, async () => {
    await inLaboratory(async (laboratory) => {
      const end = await examine(change("a * 2", becomes), laboratory);
      assert.equal(end?.fate, fate);
      assert.equal(
        readFileSync(path.join(laboratory.checkout.folder, "src/room/near.ts"), "utf8"),
        files["src/room/near.ts"],
      );
    });
  });
}

test("a test file that fails without a mutant is skipped", async () => {
  await inLaboratory(async (laboratory) => {
    await examine(change("a * 2", "2 * a"), laboratory);
    assert.deepEqual([...laboratory.baseline.leftOut], ["src/other/broken.test.ts"]);
  });
});

test("a stopped run examines no more mutants", async () => {
  await inLaboratory(async (laboratory) => {
    assert.equal(
      await examine(change("a * 2", "a + 2"), { ...laboratory, signal: AbortSignal.abort() }),
      undefined,
    );
  });
});

test("tests that hang are killed with their child processes", async () => {
  const file = "src/room/endless.test.ts";
  write(root, file, 'import { test } from "node:test";\ntest("endless", () => { for (;;); });\n');
  const signal = new AbortController().signal;
  const end = await trial({
    folder: root,
    files: [file],
    timeoutMs: 1000,
    stopAtFailure: true,
    signal,
  });
  rmSync(path.join(root, file));
  assert.deepEqual(
    { failures: end.failures, timedOut: end.timedOut },
    { failures: [], timedOut: true },
  );
});

test("the copy excludes the checkout's installed packages, and is removed", () => {
  const checkout = copyCheckout(root);
  assert.ok(existsSync(path.join(checkout.folder, "src/room/near.ts")));
  checkout.remove();
  assert.ok(!existsSync(checkout.folder));
  assert.ok(existsSync(path.join(root, "node_modules")));
});

test("the tests of a source are those that import it at run time, nearest first", () => {
  const importers = readImporters(root);
  assert.deepEqual(testsOf("src/room/near.ts", importers), [
    "src/room/near.test.ts",
    "src/other/broken.test.ts",
    "src/other/far.test.ts",
  ]);
});

test("a source belongs to the room with the longest matching name, a test to none", () => {
  assert.deepEqual(findRooms(root, ["", "other", "room/near*"]), [
    { name: "", files: [] },
    { name: "other", files: ["src/other/far.ts", "src/other/typed.ts"] },
    { name: "room/near*", files: ["src/room/near.ts"] },
  ]);
});

test("a room without sources is an error", () => {
  assert.throws(() => findRooms(root, ["nowhere"]), /No source is in src\/nowhere/);
});

test("the same seed chooses the same mutants, and no two in one place", () => {
  const all = ["a + 2", "a - 2", "a / 2", "a % 2"]
    .map((becomes) => change("a * 2", becomes))
    .concat(change("double", "twice"));
  assert.deepEqual(choose(all, 5, seeded(7)), choose(all, 5, seeded(7)));
  assert.equal(choose(all, 5, seeded(7)).length, 2);
  assert.equal(choose(all, 1, seeded(7)).length, 1);
});

test("mutants are shared evenly among rooms; a small room leaves its surplus to others", () => {
  assert.deepEqual(share(7, [100, 100, 100]), [3, 2, 2]);
  assert.deepEqual(share(7, [1, 100]), [1, 6]);
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.nat(20)), (count, sizes) => {
      const shares = share(count, sizes);
      const sum = (numbers: readonly number[]): number =>
        numbers.reduce((total, number) => total + number, 0);
      return (
        sum(shares) === Math.min(count, sum(sizes)) &&
        shares.every((part, room) => part <= (sizes[room] ?? 0))
      );
    }),
  );
});

const survivor = change("a * 2", "2 * a");
const judged: readonly Judged[] = [
  {
    file: survivor.file,
    before: survivor.before,
    after: survivor.after,
    verdict: "equivalent",
    why: "a product has no order",
  },
];

test("a judged survivor counts neither as killed nor as survived", () => {
  const ends = (["room", "wider", "time"] as const).map((fate): Examination => ({
    mutant: survivor,
    fate,
  }));
  const other: Examination = { mutant: change("double", "twice"), fate: "survived" };
  assert.deepEqual(
    figuresOf("room", [...ends, other, { mutant: survivor, fate: "survived" }], judged),
    {
      room: "room",
      mutants: 5,
      killed: 3,
      byWider: 1,
      byTime: 1,
      judged: 1,
      survived: 1,
      killedPercent: 75,
    },
  );
});

test("the report shows each survivor with its location, both texts and its judgement", () => {
  const report = {
    seed: 7,
    rooms: [],
    survivors: [{ mutant: survivor, judged: judged[0] }],
    leftOut: ["src/other/broken.test.ts"],
  };
  const written: string[] = [];
  writeReport(
    report,
    outputOn({ write: (text: string) => written.push(text) }, { environment: {} }),
  );
  const text = written.join("");
  assert.match(text, /src\/room\/near\.ts:1: rule: judged \(equivalent: a product has no order\)/);
  assert.match(text, /- export const double = .* a \* 2;\n {2}\+ export const double = .* 2 \* a;/);
  assert.match(text, /src\/other\/broken\.test\.ts/);
  const { survivors } = JSON.parse(reportJson(report)) as { survivors: readonly unknown[] };
  assert.deepEqual(survivors, [
    {
      file: survivor.file,
      line: 1,
      rule: "rule",
      before: survivor.before,
      after: survivor.after,
      verdict: "equivalent",
      why: "a product has no order",
    },
  ]);
});

function change(from: string, to: string): ReturnType<typeof mutant> {
  const text = files["src/room/near.ts"];
  const start = text.indexOf(from);
  return mutant("src/room/near.ts", text, {
    rule: "rule",
    start,
    end: start + from.length,
    text: to,
  });
}

async function inLaboratory(work: (laboratory: Laboratory) => Promise<void>): Promise<void> {
  const checkout = copyCheckout(root);
  try {
    await work({
      checkout,
      baseline: baselineOf(checkout),
      importers: readImporters(root),
      wider: 9,
      signal: new AbortController().signal,
    });
  } finally {
    checkout.remove();
  }
}

/** Creates a small checkout with the real runner. */
function makeRoot(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "purser-mutants-test-"));
  for (const [name, text] of Object.entries(files)) write(folder, name, text);
  write(folder, "package.json", '{ "type": "module" }');
  write(folder, "test/mutants/run-tests.ts", readFileSync(runner, "utf8"));
  symlinkSync(
    path.resolve(import.meta.dirname, "../../node_modules"),
    path.join(folder, "node_modules"),
    "junction",
  );
  return folder;
}

function write(folder: string, name: string, text: string): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function testText({
  imports,
  name,
  claim,
}: {
  readonly imports: string;
  readonly name: string;
  readonly claim: string;
}): string {
  const space = path.basename(imports, ".ts");
  return `import assert from "node:assert/strict";\nimport { test } from "node:test";\nimport * as ${space} from "${imports}";\ntest("${name}", () => assert.ok(${claim}));\n`;
}
