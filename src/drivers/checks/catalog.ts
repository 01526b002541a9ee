/** Every kind of health check. A new one is a file beside this and a line below. */
import type { HealthCheckDriver } from '../../model/health-check.js'

export const checkDrivers = {} as const satisfies Record<string, HealthCheckDriver>
