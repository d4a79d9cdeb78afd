/** What calls that have ended teach about those to come. */

import { InputCorrection } from "./input-correction.ts";
import { OutputExpectation } from "./output-expectation.ts";
import { PassedCorrection } from "./passed-correction.ts";

export class Learned {
  readonly input = new InputCorrection();
  readonly output = new OutputExpectation();
  /** Of streams, what their holds had to cover, which is an upper estimate of it. */
  readonly streamed = new OutputExpectation();
  readonly passed = new PassedCorrection();
}
