/** What is known of where a call goes: first what its path says, and in the end its provider and model. */

import type { PurserError } from "../../domain/error.ts";
import type { Endpoint, WireFormat, WireName } from "../../wire/wire.ts";
import type { Provider, Providers } from "../port/provider.ts";

export type Wires = Readonly<Record<Exclude<WireName, "bedrock">, WireFormat>>;

export interface TargetContext {
  readonly providers: Providers;
  readonly wires: Wires;
}

export interface RequestLine {
  readonly method: string;
  readonly path: string;
  /** The format that the caller's headers speak, where they tell. */
  readonly dialect?: keyof Wires | undefined;
}

/** What a path says, before the body is read. */
export interface Target {
  readonly wire: WireFormat;
  readonly wireName: WireName;
  readonly endpoint: Endpoint;
  /** Behind the provider's base URL, with its query. */
  readonly path: string;
  /** Null when the model decides. */
  readonly provider: Provider | null;
  /** Why no call can be made there: the path is mistyped, or does not say whose it is. */
  readonly problem?: PurserError;
}

/** Where the call goes in the end. */
export interface Route {
  readonly provider: Provider;
  readonly wire: WireFormat;
  readonly wireName: WireName;
  readonly endpoint: Endpoint;
  readonly url: string;
  /** The model as the provider knows it. */
  readonly model: string;
  /** `PROVIDER/MODEL`, as a header can carry it. */
  readonly title: string;
}
