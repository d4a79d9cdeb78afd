/** Tests `notifiers`: every kind, its defaults, and each error with its line and remedy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import type { Configuration } from "./configuration.ts";
import { loadConfiguration } from "./load.ts";

const environment = {
  SECRET: "webhook-secret-0123456789",
  OLD: "older-secret-0123456789",
  CHAT: "https://hooks.example.com/services/T/B/verysecret",
  INSIDE: "http://10.0.0.7/verysecret",
  TOKEN: "123456:ABC-verysecret",
  PASSWORD: "0123",
  SHORT: "verysecret",
};

function load(text: string): Configuration {
  return loadConfiguration(text, { environment, file: "purser.yaml" });
}

const all = `
server: { public_url: "https://purser.example.com/" }
notifiers:
  - { name: hook, kind: webhook, url: "https://example.com/hook", secret: "\${SECRET}", previous_secret: "\${OLD}" }
  - { name: slack, kind: slack, url: "\${CHAT}", template: "{budget_id} {percent}%", only: { team: search, "tag:customer": acme } }
  - { name: teams, kind: teams, url: "\${CHAT}", events: ["*"] }
  - { name: discord, kind: discord, url: "\${INSIDE}", allow_private_address: true }
  - { name: telegram, kind: telegram, token: "\${TOKEN}", chat_id: -1001234 }
  - { name: mail, kind: email, host: smtp.example.com, username: purser, password: "\${PASSWORD}", from: "Purser <purser@example.com>", to: [ops@example.com] }
  - { name: nats, kind: nats, url: "nats://nats.example.com:4222", jetstream: true, token: "\${SECRET}" }
  - { name: redis, kind: redis, url: "rediss://redis.example.com/3", password: "\${PASSWORD}" }
  - { name: log, kind: log, quiet_hours: { from: "22:00", to: "07:00", time_zone: europe/berlin } }
`;

test("every kind is read, with its defaults", () => {
  const { notifiers, server } = load(all);
  assert.equal(server.publicUrl, "https://purser.example.com");
  const [hook, slack, , discord, telegram, mail, nats, redis, log] = notifiers;
  assert.deepEqual(hook?.target, {
    kind: "webhook",
    url: "https://example.com/hook",
    secrets: [environment.SECRET, environment.OLD],
  });
  for (const type of ["budget.warning", "budget.exceeded", "budget.paused"])
    assert.ok(hook?.events.includes(type), type);
  assert.ok(!hook?.events.some((type) => /cost|refused|changed|started/.test(type)));
  assert.deepEqual(slack?.only, { team: "search", "tag:customer": "acme" });
  assert.equal(slack?.template?.length, 4);
  assert.deepEqual([discord?.allowPrivateAddress, hook?.allowPrivateAddress], [true, false]);
  assert.deepEqual(telegram?.target, {
    kind: "telegram",
    token: environment.TOKEN,
    chatId: "-1001234",
    apiUrl: "https://api.telegram.org",
  });
  assert.ok(mail?.target.kind === "email");
  const { port, security, password } = mail.target;
  assert.deepEqual([port, security, password], [587, "starttls", "0123"]);
  assert.ok(nats?.target.kind === "nats" && nats.target.subject === "purser");
  assert.ok(redis?.target.kind === "redis" && redis.target.maxLength === 100_000);
  assert.deepEqual(log?.quietHours, { from: 1320, to: 420, timeZone: "Europe/Berlin" });
});

const item = (fields: string): string => `notifiers:\n  - name: one\n    ${fields}\n`;
const hook = (fields: string): string =>
  item(`kind: webhook\n    url: https://example.com/h\n    secret: "\${SECRET}"\n    ${fields}`);

const refused: readonly (readonly [
  fact: string,
  text: string,
  line: number,
  field: string,
  remedy: RegExp,
])[] = [
  ["no list", "notifiers: { a: b }", 1, "notifiers", /one line with -/],
  ["a text", "notifiers: [slack]", 1, "notifiers[0]", /object with the fields name, kind/],
  ["no kind", item("events: [budget.warning]"), 2, "notifiers[0].kind", /one of webhook, slack/],
  ["an unknown kind", item("kind: slak"), 3, "notifiers[0].kind", /Did you mean slack\?/],
  ["an unknown field", hook("secrt: x"), 6, "notifiers[0].secrt", /Did you mean secret\?/],
  ["another kind's field", hook("chat_id: 1"), 6, "notifiers[0].chat_id", /previous_secret/],
  ["a bad name", "notifiers:\n  - { name: A b, kind: log }", 2, "notifiers[0].name", /a-z 0-9/],
  [
    "a name used twice",
    "notifiers:\n  - { name: a, kind: log }\n  - { name: a, kind: log }",
    3,
    "notifiers[1].name",
    /unique/,
  ],
  [
    "an unknown event",
    hook("events: [budget.warnin]"),
    6,
    "notifiers[0].events",
    /budget\.warning/,
  ],
  ["no events", hook("events: []"), 6, "notifiers[0].events", /Leave it out/],
  ["an unknown dimension", hook("only: { taem: a }"), 6, "notifiers[0].only.taem", /team/],
  [
    "an hour that is none",
    hook('quiet_hours: { from: "25:00", to: "07:00" }'),
    6,
    "notifiers[0].quiet_hours.from",
    /"22:00"/,
  ],
  [
    "an unknown zone",
    hook('quiet_hours: { from: "22:00", to: "07:00", time_zone: Berlin }'),
    6,
    "notifiers[0].quiet_hours.time_zone",
    /Europe\/Berlin/,
  ],
  [
    "a template with a missing field",
    item('kind: slack\n    url: "${CHAT}"\n    template: "{budgt_id} is full"'),
    5,
    "notifiers[0].template",
    /Did you mean \{budget_id\}\? They have .*\{resets_at\}/,
  ],
  [
    "a secret in the file",
    item("kind: webhook\n    url: https://example.com/h\n    secret: verysecret-0123456789"),
    5,
    "notifiers[0].secret",
    /\$\{NAME\}/,
  ],
  ["a short secret", hook("previous_secret: ${SHORT}"), 6, "notifiers[0].previous_secret", /16/],
  [
    "the address of a chat in the file",
    item("kind: slack\n    url: https://hooks.example.com/verysecret"),
    4,
    "notifiers[0].url",
    /Write url: \$\{NAME\}/,
  ],
  [
    "an address inside the network",
    item('kind: webhook\n    url: http://2130706433/h\n    secret: "${SECRET}"'),
    4,
    "notifiers[0].url",
    /allow_private_address: true/,
  ],
  [
    "an address inside the network from the environment",
    item('kind: slack\n    url: "${INSIDE}"'),
    4,
    "notifiers[0].url",
    /allow_private_address: true/,
  ],
  [
    "a login in a URL",
    item('kind: redis\n    url: "redis://:verysecret@redis.example.com"'),
    4,
    "notifiers[0].url",
    /username and password/,
  ],
  ["another protocol", item("kind: nats\n    url: http://a"), 4, "notifiers[0].url", /nats:\/\//],
  [
    "no recipients",
    item("kind: email\n    host: smtp.example.com\n    from: a@b.c"),
    2,
    "notifiers[0].to",
    /list of addresses/,
  ],
  ["a bad public URL", "server: { public_url: purser }", 1, "server.public_url", /https:\/\//],
];

for (const [fact, text, line, field, remedy] of refused) {
  test(`${fact} is refused at its line`, () => {
    assert.throws(
      () => load(text),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.equal(error.detail.field, field, error.message);
        assert.equal(error.detail.line, line, error.message);
        assert.match(error.detail.remedy ?? "", remedy);
        assert.doesNotMatch(JSON.stringify([error.message, error.detail]), /verysecret/);
        return true;
      },
    );
  });
}

test("a file read for figures needs no secret of a notifier", () => {
  const text = item('kind: slack\n    url: "not a url"');
  const options = { environment, file: "purser.yaml" };
  assert.deepEqual(loadConfiguration(text, { ...options, withoutNotifiers: true }).notifiers, []);
});
