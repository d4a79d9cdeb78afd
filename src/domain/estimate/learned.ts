/** What calls that have ended teach about those to come. */

import { InputCorrection } from "./input-correction.ts";
import { OutputExpectation } from "./output-expectation.ts";
import { PassedCorrection } from "./passed-correction.ts";

/** What is known of one model of one provider. */
export class LearnedOfModel {
  readonly input: InputCorrection;
  readonly output = new OutputExpectation();
  /** Of streams, what their holds had to cover, which is an upper estimate of it. */
  readonly streamed = new OutputExpectation();
  readonly passed = new PassedCorrection();

  constructor(provider: string) {
    this.input = new InputCorrection(provider);
  }
}

export class Learned {
  readonly #providers = new Map<string, Map<string, LearnedOfModel>>();
  #size = 0;

  /** To be asked. Of a model that taught nothing yet, what holds before anything is learned. */
  of(provider: string, model: string): LearnedOfModel {
    return this.#providers.get(provider)?.get(model) ?? new LearnedOfModel(provider);
  }

  /** To be taught: kept from now on. */
  teach(provider: string, model: string): LearnedOfModel {
    return this.#providers.get(provider)?.get(model) ?? this.#begin(provider, model);
  }

  #begin(provider: string, model: string): LearnedOfModel {
    if (this.#size >= maxModels) {
      this.#providers.clear();
      this.#size = 0;
    }
    let models = this.#providers.get(provider);
    if (!models) this.#providers.set(provider, (models = new Map()));
    const begun = new LearnedOfModel(provider);
    models.set(model, begun);
    this.#size += 1;
    return begun;
  }
}

/** Made-up model names cannot fill the memory. */
const maxModels = 10_000;
