/** Tests which addresses count as inside a network, in every spelling. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isPrivateAddress, isPrivateHost } from "./private-address.ts";

const inside = [
  "127.0.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "64:ff9b::10.0.0.1",
  "2002:7f00:1::",
  "2001:db8::1",
  "[::1]",
  "not an address",
  "1.2.3",
  "1:2:3",
  ":::",
];

for (const address of inside)
  test(`${address} is inside the network`, () => assert.equal(isPrivateAddress(address), true));

for (const address of [
  "1.1.1.1",
  "172.32.0.1",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "2002:808:808::",
])
  test(`${address} is public`, () => assert.equal(isPrivateAddress(address), false));

for (const host of [
  "localhost",
  "a.localhost",
  "LOCALHOST.",
  "2130706433",
  "0x7f.1",
  "017700000001",
  "127.1",
  "::1",
  "[::ffff:a00:1]",
])
  test(`the host ${host} is inside the network`, () => assert.equal(isPrivateHost(host), true));

test("a name is not judged before it is resolved", () => {
  assert.equal(isPrivateHost("hooks.example.com"), false);
  assert.equal(isPrivateHost("8.8.8.8"), false);
  assert.equal(isPrivateHost("a b"), false);
});

test("an IPv4 address is judged alike in IPv6", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isPrivateAddress(`::ffff:${address}`), isPrivateAddress(address));
    }),
  );
});
