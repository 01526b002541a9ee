/** Every kind of source. A new one is a file beside this and a line below. */
import type { SourceDriver } from '../../model/source.js'

export const sourceDrivers = {} as const satisfies Record<string, SourceDriver>
