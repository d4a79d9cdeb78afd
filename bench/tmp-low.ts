import { startUpstream } from "./upstream/upstream.ts"; import { startLoad } from "./load/load.ts"; import { startPurser, fourLevels } from "./target/purser.ts"; import { measureCell, smallRequest } from "./cell.ts";
const u = await startUpstream(), l = startLoad();
const p = await startPurser({ name: "purser", upstream: `http://127.0.0.1:${u.port}/v1`, durability: "full", budgets: fourLevels, nodeFlags: ["--cpu-prof","--cpu-prof-interval=300","--cpu-prof-dir=/tmp/prof3"] });
await u.set({ delayMs: 0, streamTokens: 20, gapMs: 0 });
await measureCell(l,p,{warmupMs:0,measureMs:5000,groups:[{name:"g",clients:16,ratePerSecond:null,request:smallRequest}]});
await u.set({ delayMs: 60, streamTokens: 20, gapMs: 0 });
const c = await measureCell(l,p,{warmupMs:0,measureMs:12000,groups:[{name:"g",clients:250,ratePerSecond:250,request:smallRequest}]});
console.log(JSON.stringify({n:c.groups[0]?.ended,cpu:c.cpuMicroseconds,lat:c.groups[0]?.latency}));
await p.close(); await l.close(); await u.close();
