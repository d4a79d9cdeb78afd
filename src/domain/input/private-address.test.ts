/** Tests which addresses count as inside a network, in every spelling. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isMetadataAddress, isPrivateAddress, isPrivateHost } from "./private-address.ts";

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
  "64:ff9b::808:808",
  "2002:808:808::",
])
  test(`${address} is public`, () => assert.equal(isPrivateAddress(address), false));

const metadata = [
  "169.254.169.254",
  "169.254.0.0",
  "169.254.255.255",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fe80::1%eth0",
  "febf::1",
  "fd00:ec2::254",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "::ffff:169.254.169.254",
  "::ffff:a83f:8110",
  "::169.254.169.254",
  "[::a9fe:a9fe]",
  "::ffff:0:169.254.169.254",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::100.100.100.200",
  "64:ff9b:1::a9fe:a9fe",
  "64:ff9b:1:a9fe:a9:fe00::",
  "64:ff9b:1:ffa9:fe:a9fe::",
  "64:ff9b:1:ffff:a9:fea9:fe00:0",
  "2002:a9fe:a9fe::",
  "2001:0:a9fe:a9fe::",
  "2001:0:808:808::5601:5601",
];

for (const address of metadata)
  test(`${address} may serve credentials, and is inside the network`, () => {
    assert.equal(isMetadataAddress(address), true);
    assert.equal(isPrivateAddress(address), true);
  });

for (const address of [
  "127.0.0.1",
  "10.1.2.3",
  "169.253.255.255",
  "169.255.0.0",
  "168.63.129.17",
  "100.100.100.201",
  "192.0.0.193",
  "::1",
  "fe7f::1",
  "fec0::1",
  "fd00::1",
  "::ffff:10.0.0.1",
  "64:ff9b::808:808",
  "64:ff9b:1::a00:1",
  "2002:a00:1::a9fe:a9fe",
  "2606:4700::a9fe:a9fe",
  "not an address",
])
  test(`${address} serves no credentials`, () => assert.equal(isMetadataAddress(address), false));

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
