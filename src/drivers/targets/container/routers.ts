/** What sends traffic to containers: the routers there are for any target, and those that only an engine can be. */
import type { DriverSpec } from '../../../model/spec.js'
import type { Ports } from '../../../model/ports.js'
import type { Router, RouterTraits } from '../../../model/router.js'
import type { TargetScope } from '../../../model/target.js'
import type { Engine } from './engine/engine.js'

export interface ContainerRouterDriver extends RouterTraits {
  create(options: DriverSpec, scope: TargetScope, ports: Ports, engine: Engine): Router
}

export type ContainerRouters = { readonly [type: string]: ContainerRouterDriver }
