/** Every kind of target. A new one is a file beside this and a line below. */
import type { TargetDriver } from '../../model/target.js'
import { containerDriver } from './container.js'
import { directoryDriver } from './directory.js'
import { processDriver } from './process.js'

export const targetDrivers = {
  directory: directoryDriver,
  container: containerDriver,
  process: processDriver,
} as const satisfies Record<string, TargetDriver>
