/** The form in which events leave Purser: CloudEvents 1.0, as JSON. */

/**
 * One event (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, read 2026-11-29).
 * It is valid JSON as it is: `JSON.stringify` makes the message.
 */
export interface CloudEvent {
  readonly specversion: "1.0";
  /**
   * `SEQ` or `SEQ.N`: the number of the journal entry that it comes from, and its place among the
   * events of that entry. The same event always has the same id.
   */
  readonly id: string;
  readonly source: string;
  /** Such as `budget.warning`. */
  readonly type: string;
  /** RFC 3339, in UTC. */
  readonly time: string;
  /** The id of the budget, key, model or operation that it is about. */
  readonly subject?: string;
  readonly datacontenttype: "application/json";
  /** By type; field names are in snake_case. */
  readonly data: Readonly<Record<string, unknown>>;
}
