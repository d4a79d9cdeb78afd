/** What calls that have ended teach about those to come. */

import { InputCorrection } from "./input-correction.ts";
import { OutputExpectation } from "./output-expectation.ts";
import { PassedCorrection } from "./passed-correction.ts";

export class Learned {
  readonly input = new InputCorrection();
  readonly output = new OutputExpectation();
  readonly passed = new PassedCorrection();
}
