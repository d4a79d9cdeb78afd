/** What calls that have ended teach about those to come. Nothing of it lowers a bound. */

import { PairMemo } from "../memo.ts";
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

/** Made-up model names cannot fill the memory. */
const maxModels = 10_000;

export class Learned {
  readonly #models = new PairMemo<string, string, LearnedOfModel>(maxModels);

  /** To be asked. Of a model that taught nothing yet, what holds before anything is learned. */
  of(provider: string, model: string): LearnedOfModel {
    return this.#models.get(provider, model) ?? nothingLearned;
  }

  /** To be taught: kept from now on. */
  teach(provider: string, model: string): LearnedOfModel {
    return this.#models.get(provider, model) ?? this.#models.keep(provider, model, new LearnedOfModel());
  }
}

const nothingLearned = new LearnedOfModel();
