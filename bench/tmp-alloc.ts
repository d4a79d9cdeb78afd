import { startUpstream } from "./upstream/upstream.ts"; import { startLoad } from "./load/load.ts"; import { startPurser, fourLevels } from "./target/purser.ts"; import { measureCell, smallRequest } from "./cell.ts";
const u = await startUpstream(), l = startLoad();
const p = await startPurser({ name: "purser", upstream: `http://127.0.0.1:${u.port}/v1`, durability: "full", budgets: fourLevels, nodeFlags: ["--import","/tmp/alloc.mjs"] });
await u.set({ delayMs: 0, streamTokens: 20, gapMs: 0 });
const g=[{name:"g",clients:64,ratePerSecond:null,request:smallRequest}]; const t0=performance.now(); 
const c=[]; for(let i=0;i<12;i++){const r=await measureCell(l,p,{warmupMs:0,measureMs:1000,groups:g}); c.push(r.groups[0]!.ended);} console.log(c.join(" "));
await p.close(); await l.close(); await u.close();
