/** Every kind of router. A new one is a file beside this and a line below. */
import type { RouterDriver } from '../../model/router.js'
import { haproxyDriver } from './haproxy.js'

export const routerDrivers = { haproxy: haproxyDriver } as const satisfies Record<string, RouterDriver>
