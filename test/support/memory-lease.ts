/** A lease in memory, whose answers a test may hold back or cut off. */
import { DeployError } from '../../src/base/deploy-error.js'
import type { Lease } from '../../src/model/lease.js'

export interface MemoryLease extends Lease {
  /** As somebody who removes it, or looks at it. */
  text: string | null
  isDown: boolean
}

export function memoryLease(): MemoryLease {
  let writes = 0
  const lease: MemoryLease = {
    text: null,
    isDown: false,
    async read() {
      await turn()
      return lease.text === null ? null : { text: lease.text, mark: String(writes) }
    },
    async writeIf(mark, text) {
      await turn()
      const now = lease.text === null ? null : String(writes)
      if (now !== mark) return false
      writes++
      lease.text = text
      return true
    },
  }
  const turn = async (): Promise<void> => {
    await Promise.resolve()
    if (lease.isDown) throw new DeployError('SOURCE_UNREACHABLE', 'the lease does not answer')
  }
  return lease
}
