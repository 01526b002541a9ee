/** What deploy.yaml says of the agent, what it decides, and what a running one shows to those who ask it. */
import type { DriverSpec } from './spec.js'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/** A time of the week in which releases may be deployed. `to` before `from` means the next day. */
export interface DeployWindow {
  readonly days: readonly Weekday[]
  /** Minutes since midnight. */
  readonly fromMinute: number
  readonly toMinute: number
  readonly timeZone: string
}

export interface AgentConfig {
  /** `auto`: what is due is deployed; `approve`: once a person says so; `notify`: it is told, and a person deploys it. */
  readonly mode: 'auto' | 'approve' | 'notify'
  /** How often each source is asked. */
  readonly intervalsMs: { readonly [source: string]: number }
  /** What becomes of drift. */
  readonly repair: 'auto' | 'notify' | 'off'
  /** Which way a deployment that was interrupted is taken first. */
  readonly recover: 'resume' | 'unwind'
  /** None: always. */
  readonly windows: readonly DeployWindow[]
  /** How often a release that failed is tried in all, and how long before the second try; each later one waits twice as long. */
  readonly retry: { readonly tries: number; readonly delayMs: number }
  /** Null: nothing listens beside the control socket. */
  readonly http: AgentHttp | null
  /** Null: this agent asks no others. */
  readonly waves: WavesConfig | null
}

/** How the agents of several hosts deploy a release one after the other. */
export interface WavesConfig {
  readonly lease: DriverSpec
  /** Hosts that may deploy at once. */
  readonly maxParallel: number
  /** What the others call this one; null: the name of the machine. */
  readonly host: string | null
  /** Hosts that go first. */
  readonly canaries: readonly string[]
  /** How long a release must have served well on a canary. */
  readonly soakMs: number
  /** After so long without a sign of life a host that deploys is taken for dead. */
  readonly expiryMs: number
}

export interface AgentHttp {
  readonly host: string
  readonly port: number
  /** May be `${secret.X}`; null: one is made and kept beside the control socket. */
  readonly token: string | null
}

export type LogLevel = 'info' | 'warn' | 'error'

/** One line of the agent's log. The fields beside these say what it is about. */
export interface LogLine {
  readonly time: string
  readonly level: LogLevel
  readonly msg: string
  readonly [field: string]: unknown
}

/** What the agent made of one service, and why. Recorded when it changes, not at every poll. */
export interface Decision {
  readonly at: string
  readonly service: string
  readonly verdict: 'deploy' | 'repair' | 'tell' | 'skip'
  readonly version: string | null
  readonly digest: string | null
  readonly reason: string
}

/** What an agent would make of a service, for who asks while none runs. */
export interface Finding {
  readonly service: string
  readonly verdict: Decision['verdict']
  readonly text: string
}

/** A source that could not be asked, and since when. */
export interface Outage {
  readonly source: string
  readonly since: string
  readonly message: string
}

/** A deployment that is under way, step by step. */
export interface RunningDeployment {
  readonly deployment: string
  readonly since: string
  readonly services: readonly string[]
  readonly steps: readonly {
    readonly id: string
    readonly title: string
    readonly service: string | null
    readonly status: 'waiting' | 'running' | 'done' | 'failed' | 'undoing' | 'undone'
    readonly progress: string | null
  }[]
}

export interface Pause {
  readonly at: string
  readonly by: string
  readonly reason: string
}

export interface AgentSnapshot {
  readonly pid: number
  readonly startedAt: string
  readonly version: string
  readonly mode: AgentConfig['mode']
  readonly pause: Pause | null
  readonly lastPollAt: string | null
  readonly nextPollAt: string | null
  readonly outages: readonly Outage[]
  /** The newest decision about each service. */
  readonly decisions: readonly Decision[]
  readonly running: RunningDeployment | null
  /** Notifications that wait for their notifier. */
  readonly undelivered: number
  /** What this host is among those it shares a lease with. */
  readonly waves: { readonly host: string; readonly isCanary: boolean } | null
}

/** Small files of the agent's own that outlive it. */
export interface AgentMemory {
  read(name: string): Promise<string | null>
  write(name: string, text: string): Promise<void>
}

/** How a running agent is asked and told. */
export interface RunningAgent {
  snapshot(): AgentSnapshot
  /** The snapshot, what `deployctl status` says, and the last deployments. Plain data, masked. */
  report(): Promise<object>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  /** The newest lines, oldest first. */
  logs(): readonly LogLine[]
  /** Told whenever what `snapshot` says has changed, and of each new line of the log. Answers how to stop that. */
  follow(listener: (line: LogLine | null) => void): () => void
  /** Asks every source now. */
  check(): void
  pause(pause: Omit<Pause, 'at'>): Promise<void>
  resume(): Promise<void>
  /** Lets it deploy what waits: a service, or the digest of a release; null for the only one. Answers what is approved. */
  approve(word: {
    readonly what: string | null
    readonly by: string
    readonly reason: string | null
  }): Promise<object>
  /** Reads deploy.yaml again. */
  reload(): void
  /** Whether the loop goes round: false when it has been busy with one thing for longer than that may take. */
  isAlive(): boolean
}

/** What the process around it gives to an agent. */
export interface AgentDesk {
  readonly version: string
  readonly memory: AgentMemory
  write(line: LogLine): void
  /** Lets others ask the agent until closed. */
  serve(agent: RunningAgent): Promise<{ close(): Promise<void> }>
}

/** How other processes of the same user reach the agent of an environment. */
export interface AgentCaller {
  /** The answer, or null when no agent runs here. */
  call(path: string, body?: object): Promise<unknown>
  /** Hears of what is told until the signal or the agent ends; false when no agent runs here. */
  follow(path: string, onEvent: (event: string, data: unknown) => void, signal: AbortSignal): Promise<boolean>
}
