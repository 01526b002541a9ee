/** Every kind of state store. A new one is a file beside this and a line below. */
import type { StateStoreDriver } from '../../model/state-store.js'
import { localStore } from './local/local-store.js'

export const stateStoreDrivers = { local: localStore } as const satisfies Record<string, StateStoreDriver>
