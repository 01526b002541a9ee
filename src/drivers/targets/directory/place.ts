/** One directory target as its operations get it: where it is, what deploy.yaml says of it, how to reach the world. */
import type { Ports } from '../../../model/ports.js'
import type { Layout } from './layout.js'
import type { DirectoryOptions } from './options.js'

export interface Place {
  readonly layout: Layout
  readonly options: DirectoryOptions
  readonly ports: Ports
}
