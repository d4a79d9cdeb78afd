import { readFileSync } from "node:fs";
import { startUpstream } from "./upstream/upstream.ts"; import { startLoad } from "./load/load.ts"; import { startPurser, fourLevels } from "./target/purser.ts"; import { startProxy } from "./target/proxy.ts"; import { measureCell, smallRequest } from "./cell.ts";
import { spread } from "./report/statistics.ts"; import { spreadText } from "./report/table.ts";
const [rounds="5", secs="2", clients="64", pb="400", delay="0", ...variants] = process.argv.slice(2);
const u = await startUpstream(), l = startLoad();
await u.set({ delayMs: 0, streamTokens: 20, gapMs: 0 });
const g=[{name:"g",clients:Number(clients),ratePerSecond:null,request:{...smallRequest,promptBytes:Number(pb)}}];
const ps=[]; for (const v of variants){ const [name,...flags]=v.split(" "); const p= name==="proxy"? await startProxy(u.port): await startPurser({ name:"purser", upstream:`http://127.0.0.1:${u.port}/v1`, durability:"full", budgets: fourLevels, nodeFlags: flags.filter(f=>!f.startsWith("@")), ...(flags.find(f=>f.startsWith("@"))?{program:flags.find(f=>f.startsWith("@"))!.slice(1)}:{}) }); ps.push({v,p,cpu:[] as number[],main:[] as number[],rate:[] as number[],p50:[] as number[]}); await measureCell(l,p,{warmupMs:0,measureMs:4000,groups:g}); }
const main=(pid:number)=>{const s=readFileSync(`/proc/${pid}/task/${pid}/stat`,"utf8");const f=s.slice(s.lastIndexOf(")")+2).split(" ");return (Number(f[11])+Number(f[12]))*10000;};
await u.set({ delayMs: Number(delay), streamTokens: 20, gapMs: 0 });
for(let r=0;r<Number(rounds);r++) for(const x of r%2?ps.toReversed():ps){ const a=main(x.p.pid!); const c=await measureCell(l,x.p,{warmupMs:300,measureMs:Number(secs)*1000,groups:g}); const e=c.groups[0]!; x.main.push((main(x.p.pid!)-a)/e.ended); x.cpu.push(c.cpuMicroseconds!); x.rate.push(e.calls/Number(secs)); x.p50.push(e.latency.p50!);}
for(const x of ps){ const st=readFileSync(`/proc/${x.p.pid}/status`,"utf8"); console.log(x.v.padEnd(50),"rate",spreadText(spread(x.rate)),"| cpu",spreadText(spread(x.cpu)),"| main",spreadText(spread(x.main)),"| p50",spreadText(spread(x.p50)), /RssAnon.*/.exec(st)?.[0], /RssFile.*/.exec(st)?.[0]); await x.p.close(); }
await l.close(); await u.close();
