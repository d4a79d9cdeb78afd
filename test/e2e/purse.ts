/** A project with its own hard budget and key, so each budget test has its own money. */

import assert from "node:assert/strict";
import type Anthropic from "@anthropic-ai/sdk";
import type { GoogleGenAI } from "@google/genai";
import type OpenAI from "openai";
import { anthropicAt, geminiAt, openaiAt, steer } from "./client.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { always } from "./settings.ts";

export interface Purse {
  /** Of the project and of its budget. */
  readonly name: string;
  readonly key: string;
}

/** A gateway and a simulator, with helpers for budget tests. */
export class Market {
  readonly simulator: SimulatorProcess;
  readonly gateway: GatewayProcess;
  #purses = 0;

  constructor(simulator: SimulatorProcess, gateway: GatewayProcess) {
    this.simulator = simulator;
    this.gateway = gateway;
  }

  async makePurse(amount: string, more: Readonly<Record<string, unknown>> = {}): Promise<Purse> {
    const name = `purse-${++this.#purses}`;
    await this.gateway.makeBudget({
      budget_id: name,
      budget_type: "project",
      resource_id: name,
      amount,
      ...always,
      ...more,
    });
    const { key } = await this.gateway.makeKey({ project: name });
    return { name, key };
  }

  openai({ key }: Purse, headers: Readonly<Record<string, string>> = {}): OpenAI {
    return openaiAt(this.gateway, { key, path: "/openai", headers });
  }

  anthropic({ key }: Purse): Anthropic {
    return anthropicAt(this.gateway, { key, path: "/anthropic" });
  }

  gemini({ key }: Purse): GoogleGenAI {
    return geminiAt(this.gateway, { key, path: "/gemini" });
  }

  /**
   * Checks that the budget refused exactly once, without SDK retries, and nothing was forwarded,
   * charged or held.
   */
  async assertRefusedOnce({ name }: Purse): Promise<void> {
    await this.gateway.flush();
    const series = await this.gateway.api("GET", `/api/v1/series?bucket=none&project=${name}`);
    assert.deepEqual([series.json["total"]?.["refusals"], series.json["total"]?.["calls"]], [1, 0]);
    assert.deepEqual(await this.simulator.books(name), []);
    const budget = await this.gateway.budget(name);
    assert.deepEqual([budget["spent"], budget["held"]], ["0", "0"]);
  }
}

/** Short waits for room and small stream slices. */
export async function openMarket(): Promise<Market> {
  const simulator = await startSimulatorProcess();
  const config = "limits: { hold_wait_ms: 100, stream_slice_tokens: 64 }";
  return new Market(simulator, await startGateway({ simulatorUrl: simulator.url, config }));
}

/** A prompt whose row in the books has the purse's name. */
export function say({ name }: Purse, more: string): string {
  return steer(`tag=${name} ${more}`);
}
