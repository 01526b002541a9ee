/** Every kind of health check. A new one is a file beside this and a line below. */
import type { HealthCheckDriver } from '../../model/health-check.js'
import { commandCheck } from './command-check.js'
import { containerCheck } from './container-check.js'
import { mysqlCheck, postgresCheck } from './database-check.js'
import { diskCheck } from './disk-check.js'
import { httpCheck } from './http-check.js'
import { loadCheck } from './load-check.js'
import { logCheck } from './log-check.js'
import { memoryCheck } from './memory-check.js'
import { processCheck } from './process-check.js'
import { systemdCheck } from './systemd-check.js'
import { tcpCheck } from './tcp-check.js'

export const checkDrivers = {
  http: httpCheck,
  tcp: tcpCheck,
  command: commandCheck,
  process: processCheck,
  disk: diskCheck,
  memory: memoryCheck,
  load: loadCheck,
  log: logCheck,
  systemd: systemdCheck,
  postgres: postgresCheck,
  mysql: mysqlCheck,
  container: containerCheck,
} as const satisfies Record<string, HealthCheckDriver>
