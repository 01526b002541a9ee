/** What every operation on a target of processes works with. */
import type { Ports } from '../../../model/ports.js'
import type { Target } from '../../../model/target.js'
import type { Layout } from '../directory/layout.js'
import type { ProcessOptions } from './options.js'

export interface Place {
  readonly service: string
  readonly layout: Layout
  readonly options: ProcessOptions
  readonly ports: Ports
  /** Where the releases lie: a directory target at the same path. */
  readonly releases: Target
  /** Of the process that holds the sockets; private to this user. */
  readonly holderFolder: string
}
