import { readdirSync, readFileSync } from "node:fs";
import { startUpstream } from "./upstream/upstream.ts"; import { startLoad } from "./load/load.ts"; import { startPurser, fourLevels } from "./target/purser.ts"; import { startProxy } from "./target/proxy.ts"; import { measureCell, smallRequest } from "./cell.ts";
const [which="purser", secs="5", clients="64", delay="0", dur="full", ...nodeFlags] = process.argv.slice(2);
const u = await startUpstream(), l = startLoad();
const p = which==="proxy"? await startProxy(u.port): await startPurser({ name: "purser", upstream: `http://127.0.0.1:${u.port}/v1`, durability: dur as "full", budgets: which==="bare"?[]:fourLevels, nodeFlags });
await u.set({ delayMs: 0, streamTokens: 20, gapMs: 0 });
const threads = () => new Map(readdirSync(`/proc/${p.pid}/task`).map(t => { const s=readFileSync(`/proc/${p.pid}/task/${t}/stat`,"utf8"); const name=s.slice(s.indexOf("(")+1,s.lastIndexOf(")")); const f=s.slice(s.lastIndexOf(")")+2).split(" "); const st=readFileSync(`/proc/${p.pid}/task/${t}/status`,"utf8"); return [t,[name,Number(f[11])*10000,Number(f[12])*10000, Number(/\nvoluntary_ctxt_switches:\s+(\d+)/.exec(st)?.[1]),Number(/nonvoluntary_ctxt_switches:\s+(\d+)/.exec(st)?.[1])]] as const; }));
const g=[{name:"g",clients:Number(clients),ratePerSecond:null,request:smallRequest}];
await measureCell(l,p,{warmupMs:0,measureMs:5000,groups:g});
await u.set({ delayMs: Number(delay), streamTokens: 20, gapMs: 0 });
const a=threads(); const io0=readFileSync(`/proc/${p.pid}/io`,"utf8");
const c = await measureCell(l,p,{warmupMs:0,measureMs:Number(secs)*1000,groups:g});
const b=threads(); const io1=readFileSync(`/proc/${p.pid}/io`,"utf8");
const n=c.groups[0]?.ended??1;
console.log(which,dur,"rate",n/Number(secs),"cpu/call",c.cpuMicroseconds,"p50",c.groups[0]?.latency.p50,"p99",c.groups[0]?.latency.p99);
for (const [t,[name,us,sy,v,nv]] of b){ const o=a.get(t)??["",0,0,0,0]; const x=[us-(o[1]as number),sy-(o[2] as number)]; if(x[0]!+x[1]!>n*0.5) console.log("  ",name,t===String(p.pid)?"MAIN":"","user",(x[0]!/n).toFixed(1),"sys",(x[1]!/n).toFixed(1),"us/call; vol csw/call",((v-(o[3] as number))/n).toFixed(2),"nonvol",((nv-(o[4] as number))/n).toFixed(2)); }
const io=(s:string,k:string)=>Number(new RegExp(k+": (\\d+)").exec(s)?.[1]); for (const k of ["syscr","syscw","write_bytes"]) console.log("  ",k,((io(io1,k)-io(io0,k))/n).toFixed(2));
await p.close(); await l.close(); await u.close();
