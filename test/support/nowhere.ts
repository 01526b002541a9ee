/** A place for probes that look at nothing of it: this machine, without a release. */
import { systemShell } from '../../src/drivers/system/system-shell.js'
import type { ProbePlace } from '../../src/model/health-check.js'

export const nowhere: ProbePlace = {
  host: 'local',
  hostAddress: '127.0.0.1',
  shell: systemShell,
  folder: null,
  env: {},
  reach: null,
  tunnel: null,
  mark: null,
}
