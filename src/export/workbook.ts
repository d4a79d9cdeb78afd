/** Writes a spreadsheet (XLSX, Office Open XML) while its rows are read. */

import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { Column, Row, Table } from "../domain/table/table.ts";
import {
  declaration,
  escapeXml,
  mainNamespace,
  mostRows,
  rowXml,
  sheetEnd,
  sheetHead,
  stylesXml,
} from "./sheet-xml.ts";

/** One sheet for each table; one that has more rows than a sheet can hold continues on the next. */
export function workbook(tables: readonly Table[]): AsyncIterable<Uint8Array> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on("error", (error: Error) => output.destroy(error));
  fill(zip, tables).catch((error: unknown) =>
    output.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return output;
}

async function fill(zip: ZipFile, tables: readonly Table[]): Promise<void> {
  const names: string[] = [];
  for (const table of tables) {
    const rows = new Rows(table.pages);
    do {
      names.push(sheetName(table.name, names));
      await addSheet(zip, `xl/worksheets/sheet${names.length}.xml`, {
        columns: table.columns,
        rows,
      });
    } while (!(await rows.isAtEnd()));
  }
  for (const [path, xml] of workbookParts(names)) zip.addBuffer(Buffer.from(xml), path);
  zip.end();
}

/** The pages of a table, which several sheets may read one after another. */
class Rows {
  readonly #pages: AsyncIterator<readonly Row[]>;
  #page: readonly Row[] = [];
  #next = 0;
  #ended = false;

  constructor(pages: AsyncIterable<readonly Row[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** At most this many of the next rows; none at the end. */
  async take(most: number): Promise<readonly Row[]> {
    if (await this.isAtEnd()) return [];
    const taken = this.#page.slice(this.#next, this.#next + most);
    this.#next += taken.length;
    return taken;
  }

  async isAtEnd(): Promise<boolean> {
    while (!this.#ended && this.#next >= this.#page.length) {
      const page = await this.#pages.next();
      this.#next = 0;
      if (page.done === true) this.#ended = true;
      else this.#page = page.value;
    }
    return this.#ended;
  }
}

interface Sheet {
  readonly columns: readonly Column[];
  readonly rows: Rows;
}

/** Resolves when the sheet has been written. */
async function addSheet(zip: ZipFile, path: string, sheet: Sheet): Promise<void> {
  const xml = Readable.from(sheetXml(sheet), { highWaterMark: 1 });
  const written = new Promise<void>((resolve, reject) => {
    xml.once("end", resolve);
    xml.once("error", reject);
  });
  zip.addReadStream(xml, path, { compressionLevel: fastest });
  await written;
}

/** The rows compress well at any level; the fastest takes half the time of the default. */
const fastest = 1;

/** So few that their text is no large object, which V8 would collect late. */
const rowsPerPart = 32;

async function* sheetXml({ columns, rows }: Sheet): AsyncGenerator<string> {
  yield sheetHead(columns);
  let count = 1;
  for (;;) {
    const page = await rows.take(Math.min(rowsPerPart, mostRows - count));
    if (page.length === 0) break;
    count += page.length;
    yield page.map((row) => rowXml(columns, row)).join("");
  }
  yield sheetEnd(columns, count);
}

/** At most 31 characters, without those that a spreadsheet refuses, and unique. */
function sheetName(name: string, taken: readonly string[]): string {
  const plain = name.replaceAll(/[[\]:*?/\\']/g, " ").slice(0, 27);
  const names = [plain, ...taken.map((_, index) => `${plain} ${index + 2}`)];
  return names.find((one) => !taken.includes(one)) ?? plain;
}

function workbookParts(names: readonly string[]): readonly (readonly [string, string])[] {
  const numbers = names.map((_, index) => index + 1);
  const sheets = numbers.map(
    (number) =>
      `<sheet name="${escapeXml(names[number - 1] ?? "")}" sheetId="${number}" r:id="rId${number}"/>`,
  );
  const relations = numbers.map((number) =>
    relation(number, "worksheet", `worksheets/sheet${number}.xml`),
  );
  const overrides = numbers.map((number) => override(`worksheets/sheet${number}.xml`, "worksheet"));
  return [
    [
      "[Content_Types].xml",
      `${declaration}<Types xmlns="${packageNamespace}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${override("workbook.xml", "sheet.main")}${override("styles.xml", "styles")}${overrides.join("")}</Types>`,
    ],
    [
      "_rels/.rels",
      `${declaration}<Relationships xmlns="${packageNamespace}/relationships">${relation(1, "officeDocument", "xl/workbook.xml")}</Relationships>`,
    ],
    [
      "xl/workbook.xml",
      `${declaration}<workbook xmlns="${mainNamespace}" xmlns:r="${documentNamespace}"><sheets>${sheets.join("")}</sheets></workbook>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `${declaration}<Relationships xmlns="${packageNamespace}/relationships">${relations.join("")}${relation(names.length + 1, "styles", "styles.xml")}</Relationships>`,
    ],
    ["xl/styles.xml", stylesXml],
  ];
}

const packageNamespace = "http://schemas.openxmlformats.org/package/2006";
const documentNamespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function relation(number: number, type: string, target: string): string {
  return `<Relationship Id="rId${number}" Type="${documentNamespace}/${type}" Target="${target}"/>`;
}

function override(part: string, type: string): string {
  return `<Override PartName="/xl/${part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${type}+xml"/>`;
}
