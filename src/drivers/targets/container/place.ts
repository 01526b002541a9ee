/** What every operation on a container target works with. */
import type { Ports } from '../../../model/ports.js'
import type { Router } from '../../../model/router.js'
import type { TargetScope } from '../../../model/target.js'
import type { Engine } from './engine/engine.js'
import type { ContainerOptions } from './options.js'

export interface Place {
  readonly scope: TargetScope
  readonly options: ContainerOptions
  readonly engine: Engine
  readonly router: Router | null
  readonly ports: Ports
}
