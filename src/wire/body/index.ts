/** Reads and edits JSON bodies without parsing them into objects. */

export { editBody, type FieldEdit } from "./edit.ts";
export { KeyTable } from "./key-table.ts";
export { JsonPruner } from "./prune.ts";
export {
  answerScanner,
  bodyScanner,
  type FieldSpan,
  type IntegerBounds,
  type ObjectSpan,
  type ScannedBody,
  type ScanPlan,
} from "./scan.ts";
