/** The local store below a folder, with real ports: for tests, and for the processes that they start. */
import { localStore } from '../../../../src/drivers/stores/local/local-store.js'
import { systemClock } from '../../../../src/drivers/system/system-clock.js'
import { thisMachine } from '../../../../src/drivers/system/machine.js'
import type { Ports } from '../../../../src/model/ports.js'
import type { StateStore } from '../../../../src/model/state-store.js'

/** `hostName` lets a store believe that it is on another machine. */
export function openLocalStore(folder: string, hostName = thisMachine().hostName): StateStore {
  const unused = (): never => {
    throw new Error('the local store needs no such port')
  }
  const ports: Ports = {
    clock: systemClock,
    shell: { run: unused, end: unused },
    secrets: { reveal: unused, mask: unused, maskAll: unused },
    projectDirectory: folder,
    cacheDirectory: folder,
    machine: { ...thisMachine(), hostName },
    program: [],
    env: {},
  }
  return localStore.create({ type: 'local' }, ports)
}
