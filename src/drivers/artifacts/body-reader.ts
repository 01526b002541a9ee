/** The body of a response, piece by piece. Node types the pieces as any; they are bytes. */

export type BodyReader = ReadableStreamDefaultReader<Uint8Array>

/** Undefined for a response without a body. To be cancelled when it is not read to its end. */
export function bodyReader(response: Response): BodyReader | undefined {
  // fetch gives bytes, always; its type in Node leaves it open
  return response.body?.getReader() as BodyReader | undefined
}
