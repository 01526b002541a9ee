/** Bytes that are at hand, as the input of a script. */
import type { ScriptInput } from '../../../../model/host.js'

export function bytesInput(bytes: Buffer): ScriptInput {
  return {
    bytes: bytes.length,
    async *open() {
      yield await Promise.resolve(bytes)
    },
  }
}
