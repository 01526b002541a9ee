/**
 * What the command line needs from the rest of the house. main.ts fills it from wire.ts, tests with fakes; commands
 * know nothing else of either.
 */
import type { UseCases } from '../app/requests.js'
import type { AgentCaller, AgentDesk, AgentMemory, LogLine } from '../model/agent.js'
import type { Json } from '../base/hash.js'
import type { Clock } from '../model/clock.js'
import type { Shell } from '../model/shell.js'
import type { ConfigProblem } from '../model/config-problem.js'

export interface ProjectOptions {
  /** Absolute path of deploy.yaml. */
  readonly file: string
  /** The same as it is best shown, in problems with their places. */
  readonly shown: string
  readonly environment: string | null
}

/** One project and environment, opened: the use cases, and the masks for everything that is said of them. */
export interface Session {
  readonly useCases: UseCases
  readonly project: string
  readonly environment: string
  /** How the agent of this project and environment is reached, and what it keeps. */
  readonly agent: AgentCaller
  readonly agentMemory: AgentMemory
  /** What an agent in this process works with; its log lines go to `write`. */
  agentDesk(version: string, write: (line: LogLine) => void): AgentDesk
  readonly user: string
  now(): Date
  mask(text: string): string
  maskAll<T>(data: T): T
}

export interface ConfigCheck {
  readonly environment: string
  /** Errors; none means that the file is valid. */
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** The environment merged over the project; null when the file is too broken for that. */
  readonly merged: Json
}

export interface Services {
  open(options: ProjectOptions & { readonly warn: (text: string) => void }): Promise<Session>
  validate(options: ProjectOptions): Promise<ConfigCheck>
  /** Commands on a host, or on this machine; without a project. `host` as deploy.yaml has one. */
  shellOn(host: string | null, sshConfig: string | null): Promise<Shell>
  /** For dated lines before there is a session. */
  loadClock(): Promise<Clock>
  readonly workingDirectory: string
  readonly version: string
}
