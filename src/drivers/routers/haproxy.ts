/** The router `haproxy`: an HAProxy that is there already, or one of our own, driven through its runtime API. */
import pLimit from 'p-limit'
import type { DriverSpec } from '../../model/spec.js'
import type { Ports } from '../../model/ports.js'
import type { Router, RouterDriver } from '../../model/router.js'
import type { TargetScope } from '../../model/target.js'
import { drain } from './haproxy/drain.js'
import { end } from './haproxy/end.js'
import { existingProxy } from './haproxy/existing-proxy.js'
import { forget } from './haproxy/forget.js'
import { haproxySchema } from './haproxy/schema.js'
import { haproxyOptions } from './haproxy/options.js'
import { look } from './haproxy/look.js'
import { ownProxy } from './haproxy/own-proxy.js'
import { route } from './haproxy/route.js'

export const haproxyDriver = {
  type: 'haproxy',
  schema: haproxySchema,
  weights: true,
  create(spec: DriverSpec, scope: TargetScope, ports: Ports): Router {
    const options = haproxyOptions(spec, scope, ports.projectDirectory)
    const proxy =
      options.kind === 'own' ? ownProxy(options, scope, ports) : existingProxy(options, ports.clock)
    const place = { proxy, clock: ports.clock, folder: options.folder, longLived: options.longLived }
    const oneByOne = pLimit(1) // each reads the note of slots and writes it anew
    return {
      place: `haproxy ${options.socket} ${options.backend}`,
      look: (signal) => look(place, signal),
      route: (ends, context) => oneByOne(() => route(place, ends, context)),
      drain: (names, deadlineMs, context) => drain(place, names, deadlineMs, context),
      end: (context) => oneByOne(() => end(place, context)),
      forget: (name, context) => oneByOne(() => forget(place, name, context.signal)),
    }
  },
} as const satisfies RouterDriver
