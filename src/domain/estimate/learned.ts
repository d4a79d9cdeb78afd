/** What calls that have ended teach about those to come. Nothing of it lowers a bound. */

import { AddedInput } from "./added-input.ts";
import { BilledInputs } from "./billed-inputs.ts";
import { Lately } from "./lately.ts";
import { OutputExpectation } from "./output-expectation.ts";

/** What is known of one model of one provider. */
export class LearnedOfModel {
  readonly added = new AddedInput();
  readonly inputs = new BilledInputs();
  readonly output = new OutputExpectation();
  /** Of streams, the bytes of their output. */
  readonly streamed = new OutputExpectation();
  /** Of streams, the most bytes that came within a round trip. */
  readonly burst = new Lately();
}

export class Learned {
  readonly #providers = new Map<string, Map<string, LearnedOfModel>>();
  #size = 0;

  /** To be asked. Of a model that taught nothing yet, what holds before anything is learned. */
  of(provider: string, model: string): LearnedOfModel {
    return this.#providers.get(provider)?.get(model) ?? nothingLearned;
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
    const begun = new LearnedOfModel();
    models.set(model, begun);
    this.#size += 1;
    return begun;
  }
}

const nothingLearned = new LearnedOfModel();

/** Made-up model names cannot fill the memory. */
const maxModels = 10_000;
