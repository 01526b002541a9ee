/** One directory target as its operations get it: where it is, what deploy.yaml says of it, how to reach the world. */
import type { Ports } from '../../../model/ports.js'
import type { Shell } from '../../../model/shell.js'
import type { HostFiles } from './files/host-files.js'
import type { Layout } from './layout.js'
import type { DirectoryOptions } from './options.js'

/** A place and the files in it, on whichever host it lies. */
export interface Ground {
  readonly layout: Layout
  readonly files: HostFiles
}

export interface Place extends Ground {
  /** Of the host. */
  readonly shell: Shell
  readonly options: DirectoryOptions
  readonly ports: Ports
}
