/** Learns from completed calls to estimate new ones. It never lowers a bound. */

import { PairMemo } from "../memo.ts";
import { AddedInput } from "./added-input.ts";
import { BilledInputs } from "./billed-inputs.ts";
import { Lately } from "./lately.ts";
import { OutputExpectation } from "./output-expectation.ts";

/** What is known about one model of one provider. */
export class LearnedOfModel {
  readonly added = new AddedInput();
  readonly inputs = new BilledInputs();
  readonly output = new OutputExpectation();
  /** Output bytes of streams. */
  readonly streamed = new OutputExpectation();
  /** The maximum bytes of a stream within one round trip. */
  readonly burst = new Lately();
}

/** Made-up model names cannot fill the memory. */
const maxModels = 10_000;

export class Learned {
  readonly #models = new PairMemo<string, string, LearnedOfModel>(maxModels);

  /** For reading. Returns the initial state for an unknown model, without storing it. */
  of(provider: string, model: string): LearnedOfModel {
    return this.#models.get(provider, model) ?? nothingLearned;
  }

  /** For updating: stores the model if it is new. */
  teach(provider: string, model: string): LearnedOfModel {
    return (
      this.#models.get(provider, model) ?? this.#models.keep(provider, model, new LearnedOfModel())
    );
  }
}

const nothingLearned = new LearnedOfModel();
