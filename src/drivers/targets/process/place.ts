/** What every operation on a target of processes works with. */
import type { Ports } from '../../../model/ports.js'
import type { Target } from '../../../model/target.js'
import type { Layout } from '../directory/layout.js'
import type { Keeper } from './keeper.js'
import type { ProcessOptions } from './options.js'
import type { Output } from './output.js'

export interface Place {
  readonly service: string
  readonly layout: Layout
  readonly options: ProcessOptions
  readonly ports: Ports
  /** Where the releases lie: a directory target at the same path. */
  readonly releases: Target
  /** What keeps the sockets and the app up. */
  readonly keeper: Keeper
  /** The other one, which may have them from a time when `supervisor` was another. */
  readonly rival: Keeper
  readonly output: Output
}
