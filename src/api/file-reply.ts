/** Answers with a file that is made while it is sent. */

export interface FileFacts {
  readonly mediaType: string;
  /** The name under which a browser stores it. */
  readonly name: string;
}

/**
 * Resolves with the first part, so that an error before it gets an answer of its own. A later
 * error breaks the connection: the file is incomplete, and the client can see that.
 */
export async function fileReply(
  parts: AsyncIterable<string | Uint8Array>,
  { mediaType, name }: FileFacts,
): Promise<Response> {
  const iterator = parts[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<string | Uint8Array>> | undefined = Promise.resolve(
    await iterator.next(),
  );
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = await (next ?? iterator.next());
      next = undefined;
      if (part.done === true) controller.close();
      else
        controller.enqueue(
          typeof part.value === "string" ? encoder.encode(part.value) : part.value,
        );
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

const encoder = new TextEncoder();
