/** Finds traced calls that this gateway metered itself: they are not counted again. */

import type { Principal } from "../../caller/principal.ts";
import type { DeskContext } from "../../desk/desk-context.ts";
import { findVisibleHold } from "../../desk/find-hold.ts";
import type { ObservedCall } from "../../port/telemetry.ts";
import { PurserError } from "../../../domain/error.ts";

/**
 * @param host The `Host` of the request: telemetry usually goes to the address that calls go to.
 */
export async function wentThroughGateway(
  context: DeskContext,
  caller: Principal,
  { call, host }: { readonly call: ObservedCall; readonly host: string | null },
): Promise<boolean> {
  const { server, operationId } = call;
  if (host !== null && server !== null && isAddressed(server, host)) return true;
  return operationId !== null && (await isKnown(context, caller, operationId));
}

async function isKnown(context: DeskContext, caller: Principal, id: string): Promise<boolean> {
  try {
    await findVisibleHold(context, caller, { id });
    return true;
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    // Several keys have an operation with this id.
    if (error.code === "conflict") return true;
    if (error.code !== "not_found") throw error;
    return false;
  }
}

/** Whether the client called the server that the telemetry is sent to. */
function isAddressed(
  { address, port }: NonNullable<ObservedCall["server"]>,
  host: string,
): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const own = new URL(`http://${host}`);
  const [given, name] = [bare(address), bare(own.hostname)];
  const isSame = given === name || (isLoopback(given) && isLoopback(name));
  // Without a port, another server on this machine could be meant.
  if (port === null) return isSame && !isLoopback(given);
  return isSame && (port === Number(own.port || 80) || (own.port === "" && port === 443));
}

function bare(address: string): string {
  const name = URL.canParse(address) ? new URL(address).hostname || address : address;
  return name.toLowerCase().replace(/^\[|\]$/g, "");
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || name.startsWith("127.");
}
