/** `agent:` as it is meant: times as minutes, durations as milliseconds, an interval for every source. */
import { durationMs } from '../base/duration.js'
import type { AgentConfig, AgentHttp, DeployWindow, WavesConfig } from '../model/agent.js'
import type { WrittenConfig } from '../model/written-config.js'
import { agentDefaults, pollIntervals } from './defaults.js'

type WrittenAgent = NonNullable<WrittenConfig['agent']>
type WrittenWindow = NonNullable<WrittenAgent['windows']>[number]

export function normaliseAgent({ agent = {}, sources = {} }: WrittenConfig): AgentConfig {
  const intervalOf = (name: string, type: string): string =>
    agent.intervals?.[name] ?? agent.interval ?? pollIntervals[type] ?? agentDefaults.interval
  return {
    mode: agent.mode ?? agentDefaults.mode,
    intervalsMs: Object.fromEntries(
      Object.entries(sources).map(([name, { type }]) => [name, durationMs(intervalOf(name, type))]),
    ),
    repair: agent.repair ?? agentDefaults.repair,
    recover: agent.recover ?? agentDefaults.recover,
    windows: (agent.windows ?? []).map(normaliseWindow),
    retry: {
      tries: agent.retry?.tries ?? agentDefaults.retry.tries,
      delayMs: durationMs(agent.retry?.delay ?? agentDefaults.retry.delay),
    },
    http: agent.http === undefined ? null : normaliseHttp(agent.http),
    waves: agent.waves === undefined ? null : normaliseWaves(agent.waves),
  }
}

function normaliseWindow(window: WrittenWindow): DeployWindow {
  const { days, from, to, timeZone } = { ...agentDefaults.window, ...window }
  return { days, fromMinute: minutesOf(from), toMinute: minutesOf(to), timeZone }
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function normaliseHttp(http: NonNullable<WrittenAgent['http']>): AgentHttp {
  const { host, port } = { ...agentDefaults.http, ...http }
  return { host, port, token: http.token ?? null }
}

function normaliseWaves({ lease, ...waves }: NonNullable<WrittenAgent['waves']>): WavesConfig {
  const { maxParallel, canaries, soak, expiry } = { ...agentDefaults.waves, ...waves }
  return {
    lease: { ...lease }, // its options are for its driver to read
    maxParallel,
    host: waves.host ?? null,
    canaries,
    soakMs: durationMs(soak),
    expiryMs: durationMs(expiry),
  }
}
